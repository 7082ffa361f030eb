-- What each region sold to and bought from the others, by year, and the difference.
with sold as (
    select
        order_year,
        from_region as region,
        sum(revenue) as amount
    from mart_trade_flows
    where not is_domestic
    group by order_year, from_region
),

bought as (
    select
        order_year,
        to_region as region,
        sum(revenue) as amount
    from mart_trade_flows
    where not is_domestic
    group by order_year, to_region
)

select
    s.order_year,
    s.region,
    cast(s.amount as decimal(18, 4)) as exports,
    cast(b.amount as decimal(18, 4)) as imports,
    cast(s.amount - b.amount as decimal(18, 4)) as balance
from sold as s
join bought as b
    on b.order_year = s.order_year
    and b.region = s.region
