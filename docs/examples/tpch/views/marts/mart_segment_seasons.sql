-- Each segment's revenue by calendar quarter over all years, and its share of that quarter.
with quarters as (
    select
        segment,
        cast(extract(quarter from order_month) as int) as calendar_quarter,
        cast(sum(revenue) as decimal(18, 4)) as revenue,
        cast(sum(order_count) as bigint) as order_count
    from int_monthly_sales
    group by segment, cast(extract(quarter from order_month) as int)
)

select
    segment,
    calendar_quarter,
    order_count,
    revenue,
    cast(revenue as double)
        / cast(sum(revenue) over (partition by calendar_quarter) as double) as share_of_quarter
from quarters
