-- One row per nation: its customers' spend, its suppliers' revenue, its idle customers, its balances.
with spend as (
    select nation, sum(spend) as spend, count(*) as buyers
    from mart_customer_value
    group by nation
),

revenue as (
    select nation, sum(revenue) as revenue, count(*) as sellers
    from mart_supplier_scorecard
    group by nation
),

idle as (
    select nation, sum(customer_count) as idle_customers
    from mart_idle_customers
    group by nation
),

balances as (
    select nation, sum(balance) as balance
    from int_parties
    group by nation
)

select
    g.region,
    g.nation,
    coalesce(s.buyers, 0) as buyers,
    coalesce(r.sellers, 0) as sellers,
    cast(coalesce(i.idle_customers, 0) as bigint) as idle_customers,
    cast(coalesce(s.spend, 0) as decimal(18, 4)) as spend,
    cast(coalesce(r.revenue, 0) as decimal(18, 4)) as revenue,
    cast(coalesce(b.balance, 0) as decimal(18, 2)) as balance
from int_geography as g
left join spend as s on s.nation = g.nation
left join revenue as r on r.nation = g.nation
left join idle as i on i.nation = g.nation
left join balances as b on b.nation = g.nation
