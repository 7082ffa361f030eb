-- Customers by fifths of spend within their segment, with the size and the worth of each fifth.
with ranked as (
    select
        segment,
        spend,
        margin,
        order_count,
        cast(
            ntile(5) over (partition by segment order by spend desc, customer_id) as int
        ) as tier
    from mart_customer_value
)

select
    segment,
    tier,
    count(*) as customer_count,
    cast(sum(order_count) as bigint) as order_count,
    cast(sum(spend) as decimal(18, 4)) as spend,
    cast(sum(margin) as decimal(18, 4)) as margin,
    min(spend) as smallest_spend,
    max(spend) as largest_spend
from ranked
group by segment, tier
