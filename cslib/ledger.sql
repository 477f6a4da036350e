-- The retention engine: relation after relation, in plain core SQL that several engines run untranslated.
-- In:  ledger(cut, entity, start_date, end_date, amount): a price in force over [start_date, end_date), null = open;
--      {as_of}, {window}: months as integers, year * 12 + month - 1; {anchor}: the day of the month read, 31 = the last.
-- It works on changes, never on account-months: an entity that does nothing for a year costs nothing.
WITH
periods AS (      -- dates become the first month whose reading sees them
  SELECT cut, entity, amount,
    CAST(EXTRACT(YEAR FROM CAST(start_date AS DATE)) * 12 + EXTRACT(MONTH FROM CAST(start_date AS DATE)) - 1
      + CASE WHEN EXTRACT(DAY FROM CAST(start_date AS DATE)) > {anchor} THEN 1 ELSE 0 END AS BIGINT) AS start_month,
    CAST(EXTRACT(YEAR FROM CAST(end_date AS DATE)) * 12 + EXTRACT(MONTH FROM CAST(end_date AS DATE)) - 1
      + CASE WHEN EXTRACT(DAY FROM CAST(end_date AS DATE)) > {anchor} THEN 1 ELSE 0 END AS BIGINT) AS end_month
  FROM ledger
),
changes AS (      -- what each period adds and takes away, up to the as-of month
  SELECT cut, entity, start_month AS month, amount AS delta FROM periods WHERE start_month <= {as_of}
  UNION ALL
  SELECT cut, entity, end_month AS month, -amount AS delta FROM periods WHERE end_month <= {as_of}
),
netted AS (
  SELECT cut, entity, month, CAST(SUM(delta) AS BIGINT) AS delta
  FROM changes GROUP BY cut, entity, month HAVING SUM(delta) <> 0
),
steps AS (        -- every change of an entity's amount: the movement ledger an auditor can read
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
twice AS (        -- each step as it happens (side 0), and once more when the window's opening passes it (side 1)
  SELECT cut, entity, first_month, month, 0 AS side, 0 AS then_delta, delta AS now_delta FROM steps
  UNION ALL
  SELECT cut, entity, first_month, month + {window} AS month, 1 AS side, delta AS then_delta, 0 AS now_delta
  FROM steps WHERE month + {window} <= {as_of}
),
sides AS (
  SELECT cut, entity, first_month, month, side, then_delta, now_delta,
    CAST(SUM(then_delta) OVER (PARTITION BY cut, entity ORDER BY month, side ROWS UNBOUNDED PRECEDING) AS BIGINT) AS opening,
    CAST(SUM(now_delta) OVER (PARTITION BY cut, entity ORDER BY month, side ROWS UNBOUNDED PRECEDING) AS BIGINT) AS closing
  FROM twice
),
ends AS (         -- an entity's amounts at the opening and the close of the window that closes as of now
  SELECT cut, entity, first_month, CAST(SUM(CASE WHEN month + {window} <= {as_of} THEN delta ELSE 0 END) AS BIGINT) AS opening,
    CAST(SUM(delta) AS BIGINT) AS closing
  FROM steps GROUP BY cut, entity, first_month
),
then_and_now AS ( -- amounts at both ends of a window: gained (1) and lost (-1) by each side of a step, or held now (0)
  SELECT cut, entity, first_month, month, opening, closing, 1 AS sign,
    CASE WHEN month > first_month + {window} OR month = first_month + {window} AND side = 1 THEN 1 ELSE 0 END AS known
  FROM sides
  UNION ALL
  SELECT cut, entity, first_month, month, opening - then_delta AS opening, closing - now_delta AS closing, -1 AS sign,
    CASE WHEN month > first_month + {window} THEN 1 ELSE 0 END AS known
  FROM sides WHERE month > first_month OR side = 1
  UNION ALL
  SELECT cut, entity, first_month, {as_of} AS month, opening, closing, 0 AS sign,
    CASE WHEN first_month + {window} <= {as_of} THEN 1 ELSE 0 END AS known
  FROM ends
),
classed AS (      -- the one place that names a pair of amounts; known: the entity had begun when the window opened
  SELECT cut, entity, first_month, month, opening, closing, sign,
    CASE WHEN opening > 0 THEN CASE WHEN closing = 0 THEN 'churn' WHEN closing > opening THEN 'expansion'
                                    WHEN closing < opening THEN 'contraction' ELSE 'unchanged' END
         WHEN known = 0 THEN CASE WHEN closing > 0 THEN 'new' ELSE 'joined and left' END
         ELSE CASE WHEN closing > 0 THEN 'reactivation' ELSE 'gone before' END END AS movement
  FROM then_and_now
),
ttm AS (          -- trailing windows: change, by month, of the amounts and entities that stand in each class
  SELECT cut, month, movement, CAST(SUM(sign * opening) AS BIGINT) AS opening, CAST(SUM(sign * closing) AS BIGINT) AS closing,
    CAST(SUM(sign) AS BIGINT) AS n
  FROM classed WHERE sign <> 0 GROUP BY cut, month, movement
  HAVING SUM(sign * opening) <> 0 OR SUM(sign * closing) <> 0 OR SUM(sign) <> 0
),
pairs AS (        -- one window, the one that closes as of now, entity by entity
  SELECT cut, entity, first_month, opening, closing, movement FROM classed WHERE sign = 0
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
