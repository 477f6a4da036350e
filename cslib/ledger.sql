-- The retention engine: relation after relation, in plain core SQL that several engines run untranslated.
-- In:  ledger(cut, entity, start_date, end_date, amount): a price in force over [start_date, end_date), null = open;
--      {as_of}, {window}: months as integers, year * 12 + month - 1; {day}: the date on which as of is read;
--      {anchor}: the day of the month on which each month is read, 31 = the last.
-- It works on changes, never on account-months: an entity that does nothing for a year costs nothing. Most of the time
-- goes into two sorts, by (cut, entity, month) and by (cut, entity, turn); short keys are why those are SMALLINT.
WITH
periods AS (      -- dates become the first month whose reading sees them; none after as of is known
  SELECT cut, entity, amount,
    CAST(EXTRACT(YEAR FROM CAST(start_date AS DATE)) * 12 + EXTRACT(MONTH FROM CAST(start_date AS DATE)) - 1
      + CASE WHEN {anchor} < 31 AND EXTRACT(DAY FROM CAST(start_date AS DATE)) > {anchor} THEN 1 ELSE 0 END
      AS SMALLINT) AS start_month,
    CAST(CASE WHEN CAST(end_date AS DATE) <= DATE '{day}'
      THEN EXTRACT(YEAR FROM CAST(end_date AS DATE)) * 12 + EXTRACT(MONTH FROM CAST(end_date AS DATE)) - 1
        + CASE WHEN {anchor} < 31 AND EXTRACT(DAY FROM CAST(end_date AS DATE)) > {anchor} THEN 1 ELSE 0 END
      ELSE {as_of} + 1 END AS SMALLINT) AS end_month
  FROM ledger WHERE CAST(start_date AS DATE) <= DATE '{day}'
),
beside AS (       -- each period with those before and after it, and with its entity's first
  SELECT cut, entity, start_month, end_month, amount,
    LAG(amount) OVER (PARTITION BY cut, entity ORDER BY start_month) AS amount_before,
    LAG(end_month) OVER (PARTITION BY cut, entity ORDER BY start_month) AS end_before,
    LEAD(start_month) OVER (PARTITION BY cut, entity ORDER BY start_month) AS start_after,
    FIRST_VALUE(start_month) OVER (PARTITION BY cut, entity ORDER BY start_month ROWS UNBOUNDED PRECEDING)
      AS first_month,
    FIRST_VALUE(amount) OVER (PARTITION BY cut, entity ORDER BY start_month ROWS UNBOUNDED PRECEDING) AS first_amount
  FROM periods
),
several AS (      -- entities with two prices at a time, then also two in a row, or with one that is nothing: to be added up
  SELECT DISTINCT cut, entity FROM beside WHERE end_before > start_month OR end_month <= start_month OR amount = 0
),
added AS (
  SELECT p.cut, p.entity, p.start_month, p.end_month, p.amount
  FROM periods AS p JOIN several AS s ON s.cut = p.cut AND s.entity = p.entity
),
changes AS (      -- what each of their periods adds and takes away
  SELECT cut, entity, start_month AS month, amount AS delta FROM added
  UNION ALL
  SELECT cut, entity, end_month AS month, -amount AS delta FROM added WHERE end_month <= {as_of}
),
netted AS (
  SELECT cut, entity, month, CAST(SUM(delta) AS BIGINT) AS delta
  FROM changes GROUP BY cut, entity, month HAVING SUM(delta) <> 0
),
single AS (       -- all others: their price is their amount, and ends where none follows it
  SELECT b.* FROM beside AS b WHERE NOT EXISTS (SELECT 1 FROM several AS s WHERE s.cut = b.cut AND s.entity = b.entity)
),
steps AS (        -- every change of an entity's amount: the movement ledger an auditor can read
  SELECT cut, entity, CASE WHEN edge = 0 THEN start_month ELSE end_month END AS month,
    CASE WHEN edge = 1 THEN -amount WHEN end_before = start_month THEN amount - amount_before ELSE amount END AS delta,
    first_month, CASE WHEN edge = 0 THEN amount ELSE 0 END AS closing, first_amount
  FROM single CROSS JOIN (SELECT 0 AS edge UNION ALL SELECT 1 AS edge) AS edges
  WHERE edge = 0 AND (end_before IS NULL OR end_before < start_month OR amount <> amount_before)
    OR edge = 1 AND end_month <= {as_of} AND (start_after IS NULL OR start_after > end_month)
  UNION ALL
  SELECT cut, entity, month, delta,
    FIRST_VALUE(month) OVER (PARTITION BY cut, entity ORDER BY month ROWS UNBOUNDED PRECEDING) AS first_month,
    CAST(SUM(delta) OVER (PARTITION BY cut, entity ORDER BY month ROWS UNBOUNDED PRECEDING) AS BIGINT) AS closing,
    FIRST_VALUE(delta) OVER (PARTITION BY cut, entity ORDER BY month ROWS UNBOUNDED PRECEDING) AS first_amount
  FROM netted
),
-- from the steps on
levels AS (       -- change of the book's amount and of its live entities, by month
  SELECT cut, month, CAST(SUM(delta) AS BIGINT) AS amount,
    CAST(SUM(CASE WHEN closing = 0 THEN -1 WHEN closing = delta THEN 1 ELSE 0 END) AS BIGINT) AS n
  FROM steps GROUP BY cut, month
),
movements AS (    -- flows: each step of each month in exactly one class, with the amounts before and after it
  SELECT cut, month, movement, CAST(SUM(closing - delta) AS BIGINT) AS opening, CAST(SUM(closing) AS BIGINT) AS closing,
    COUNT(*) AS n
  FROM (SELECT cut, month, delta, closing,
          CASE WHEN month = first_month THEN 'new' WHEN closing = delta THEN 'reactivation' WHEN closing = 0 THEN 'churn'
               WHEN delta > 0 THEN 'expansion' ELSE 'contraction' END AS movement
        FROM steps) AS s
  GROUP BY cut, month, movement
),
twice AS (        -- each step as it happens, at an even turn, and as a window's opening passes it, at an odd
  SELECT cut, entity, first_month, month, CAST(2 * (month - first_month) AS SMALLINT) AS turn, 0 AS then_delta,
    delta AS now_delta
  FROM steps
  UNION ALL
  SELECT cut, entity, first_month, month + {window} AS month,
    CAST(2 * (month + {window} - first_month) + 1 AS SMALLINT) AS turn, delta AS then_delta, 0 AS now_delta
  FROM steps WHERE month + {window} <= {as_of}
),
sides AS (
  SELECT cut, entity, first_month, month, turn, then_delta, now_delta,
    CAST(SUM(then_delta) OVER (PARTITION BY cut, entity ORDER BY turn ROWS UNBOUNDED PRECEDING) AS BIGINT) AS opening,
    CAST(SUM(now_delta) OVER (PARTITION BY cut, entity ORDER BY turn ROWS UNBOUNDED PRECEDING) AS BIGINT) AS closing
  FROM twice
),
ends AS (         -- an entity's amounts at the opening and the close of the window that closes as of now
  SELECT cut, entity, first_month, CAST(SUM(CASE WHEN month + {window} <= {as_of} THEN delta ELSE 0 END) AS BIGINT) AS opening,
    CAST(SUM(delta) AS BIGINT) AS closing
  FROM steps GROUP BY cut, entity, first_month
),
then_and_now AS ( -- amounts at both ends of a window: gained (1) and lost (-1) at each turn, or held now (0)
  SELECT cut, entity, first_month, month, opening, closing, 1 AS sign,
    CASE WHEN turn > 2 * {window} THEN 1 ELSE 0 END AS known
  FROM sides
  UNION ALL
  SELECT cut, entity, first_month, month, opening - then_delta AS opening, closing - now_delta AS closing, -1 AS sign,
    CASE WHEN turn > 2 * {window} + 1 THEN 1 ELSE 0 END AS known
  FROM sides WHERE turn > 0
  UNION ALL
  SELECT cut, entity, first_month, {as_of} AS month, opening, closing, 0 AS sign,
    CASE WHEN first_month + {window} <= {as_of} THEN 1 ELSE 0 END AS known
  FROM ends
),
classed AS (      -- the one place that classes a pair of amounts; known: the entity had begun when the window opened
  SELECT cut, entity, first_month, month, opening, closing, sign,
    CASE WHEN opening > 0 THEN CASE WHEN closing = 0 THEN 1 WHEN closing < opening THEN 2
                                    WHEN closing = opening THEN 3 ELSE 4 END
         WHEN known = 0 THEN CASE WHEN closing > 0 THEN 5 ELSE 6 END
         ELSE CASE WHEN closing > 0 THEN 7 ELSE 8 END END AS class
  FROM then_and_now
),
classes AS (      -- and their names; apart, because numbers are counted faster
  SELECT 1 AS class, 'churn' AS movement UNION ALL SELECT 2, 'contraction' UNION ALL SELECT 3, 'unchanged'
  UNION ALL SELECT 4, 'expansion' UNION ALL SELECT 5, 'new' UNION ALL SELECT 6, 'joined and left'
  UNION ALL SELECT 7, 'reactivation' UNION ALL SELECT 8, 'gone before'
),
ttm AS (          -- trailing windows: change, by month, of the amounts and entities that stand in each class
  SELECT t.cut, t.month, c.movement, t.opening, t.closing, t.n
  FROM (SELECT cut, month, class, CAST(SUM(sign * opening) AS BIGINT) AS opening,
          CAST(SUM(sign * closing) AS BIGINT) AS closing, CAST(SUM(sign) AS BIGINT) AS n
        FROM classed WHERE sign <> 0 GROUP BY cut, month, class) AS t
  JOIN classes AS c ON c.class = t.class
  WHERE t.opening <> 0 OR t.closing <> 0 OR t.n <> 0
),
pairs AS (        -- one window, the one that closes as of now, entity by entity
  SELECT p.cut, p.entity, p.first_month, p.opening, p.closing, c.movement
  FROM classed AS p JOIN classes AS c ON c.class = p.class WHERE p.sign = 0
),
kept AS (         -- steps by age, with what is left of the first amount before and after each
  SELECT cut, first_month AS cohort, month - first_month AS age, delta, closing,
    CASE WHEN closing < first_amount THEN closing ELSE first_amount END AS gross,
    CASE WHEN month = first_month THEN 0 WHEN closing - delta < first_amount THEN closing - delta ELSE first_amount END
      AS gross_before
  FROM steps
),
triangles AS (    -- change, by cohort and age, of live entities, amount, and amount kept of the first
  SELECT cut, cohort, age, CAST(SUM(delta) AS BIGINT) AS net, CAST(SUM(gross - gross_before) AS BIGINT) AS gross,
    CAST(SUM(CASE WHEN closing = 0 THEN -1 WHEN closing = delta THEN 1 ELSE 0 END) AS BIGINT) AS logo
  FROM kept GROUP BY cut, cohort, age
),
moved AS (        -- the year up to as of: what each entity that moved in it gained or lost in each month; one row an entity
  SELECT cut, entity, first_month,
    CAST(SUM(CASE WHEN month = {as_of} THEN delta ELSE 0 END) AS BIGINT) AS ago_0,
    CAST(SUM(CASE WHEN month = {as_of} - 1 THEN delta ELSE 0 END) AS BIGINT) AS ago_1,
    CAST(SUM(CASE WHEN month = {as_of} - 2 THEN delta ELSE 0 END) AS BIGINT) AS ago_2,
    CAST(SUM(CASE WHEN month = {as_of} - 3 THEN delta ELSE 0 END) AS BIGINT) AS ago_3,
    CAST(SUM(CASE WHEN month = {as_of} - 4 THEN delta ELSE 0 END) AS BIGINT) AS ago_4,
    CAST(SUM(CASE WHEN month = {as_of} - 5 THEN delta ELSE 0 END) AS BIGINT) AS ago_5,
    CAST(SUM(CASE WHEN month = {as_of} - 6 THEN delta ELSE 0 END) AS BIGINT) AS ago_6,
    CAST(SUM(CASE WHEN month = {as_of} - 7 THEN delta ELSE 0 END) AS BIGINT) AS ago_7,
    CAST(SUM(CASE WHEN month = {as_of} - 8 THEN delta ELSE 0 END) AS BIGINT) AS ago_8,
    CAST(SUM(CASE WHEN month = {as_of} - 9 THEN delta ELSE 0 END) AS BIGINT) AS ago_9,
    CAST(SUM(CASE WHEN month = {as_of} - 10 THEN delta ELSE 0 END) AS BIGINT) AS ago_10,
    CAST(SUM(CASE WHEN month = {as_of} - 11 THEN delta ELSE 0 END) AS BIGINT) AS ago_11
  FROM steps WHERE month > {as_of} - 12 AND month <= {as_of} GROUP BY cut, entity, first_month
)
