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
  SELECT cut, entity, month, delta, MIN(month) OVER (PARTITION BY cut, entity) AS first_month,
    CAST(SUM(delta) OVER (PARTITION BY cut, entity ORDER BY month ROWS UNBOUNDED PRECEDING) AS BIGINT) AS closing
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
  SELECT cut, entity, first_month, month,
    CAST(SUM(then_delta) OVER (PARTITION BY cut, entity ORDER BY month, side ROWS UNBOUNDED PRECEDING) AS BIGINT) AS opening,
    CAST(SUM(now_delta) OVER (PARTITION BY cut, entity ORDER BY month, side ROWS UNBOUNDED PRECEDING) AS BIGINT) AS closing,
    LEAD(month) OVER (PARTITION BY cut, entity ORDER BY month, side) AS until_month
  FROM twice
),
then_and_now AS ( -- an entity's amounts at the opening and the close of the window that ends in `month`
  SELECT cut, entity, first_month, month, until_month, opening, closing
  FROM sides WHERE until_month IS NULL OR until_month > month
),
classed AS (      -- the one place that names a pair of amounts; it holds from `month` to before `until_month`
  SELECT cut, entity, first_month, month, until_month, opening, closing,
    CASE WHEN opening > 0 THEN CASE WHEN closing = 0 THEN 'churn' WHEN closing > opening THEN 'expansion'
                                    WHEN closing < opening THEN 'contraction' ELSE 'unchanged' END
         WHEN first_month > month - {window} THEN CASE WHEN closing > 0 THEN 'new' ELSE 'joined and left' END
         ELSE CASE WHEN closing > 0 THEN 'reactivation' ELSE 'gone before' END END AS movement
  FROM then_and_now
),
ttm AS (          -- trailing windows: change, by month, of the amounts and entities that stand in each class
  SELECT cut, month, movement, CAST(SUM(opening) AS BIGINT) AS opening, CAST(SUM(closing) AS BIGINT) AS closing,
    CAST(SUM(n) AS BIGINT) AS n
  FROM (SELECT cut, month, movement, opening, closing, 1 AS n FROM classed
        UNION ALL
        SELECT cut, until_month AS month, movement, -opening AS opening, -closing AS closing, -1 AS n
        FROM classed WHERE until_month IS NOT NULL) AS t
  GROUP BY cut, month, movement
),
pairs AS (        -- one window, the one that closes as of now, entity by entity
  SELECT cut, entity, first_month, opening, closing, movement FROM classed WHERE until_month IS NULL
),
aged AS (         -- steps by age, with what is left of the first amount
  SELECT cut, entity, first_month AS cohort, month - first_month AS age, delta, closing,
    FIRST_VALUE(closing) OVER (PARTITION BY cut, entity ORDER BY month ROWS UNBOUNDED PRECEDING) AS first_amount
  FROM steps
),
kept AS (
  SELECT cut, entity, cohort, age, delta, closing,
    CASE WHEN closing < first_amount THEN closing ELSE first_amount END AS gross
  FROM aged
),
triangles AS (    -- change, by cohort and age, of live entities, amount, and amount kept of the first
  SELECT cut, cohort, age, CAST(SUM(delta) AS BIGINT) AS net, CAST(SUM(gross - COALESCE(gross_before, 0)) AS BIGINT) AS gross,
    CAST(SUM(CASE WHEN closing = 0 THEN -1 WHEN closing = delta THEN 1 ELSE 0 END) AS BIGINT) AS logo
  FROM (SELECT cut, cohort, age, delta, closing, gross,
          LAG(gross) OVER (PARTITION BY cut, entity ORDER BY age) AS gross_before FROM kept) AS k
  GROUP BY cut, cohort, age
)
