-- The figures for the front page, one per row, gathered from the other marts.
select
    'revenue' as headline,
    cast(sum(revenue) as decimal(18, 4)) as amount
from mart_region_revenue
union all
select
    'revenue across regions' as headline,
    cast(sum(exports) as decimal(18, 4)) as amount
from mart_trade_balance
union all
select
    'customers in the top tier' as headline,
    cast(sum(customer_count) as decimal(18, 4)) as amount
from mart_customer_tiers
where tier = 1
union all
select
    'suppliers to watch' as headline,
    cast(count(*) as decimal(18, 4)) as amount
from mart_supplier_watchlist
union all
select
    'idle customers' as headline,
    cast(sum(idle_customers) as decimal(18, 4)) as amount
from mart_nation_overview
union all
select
    'spend of past millionaires' as headline,
    cast(sum(running_spend) as decimal(18, 4)) as amount
from mart_milestones
