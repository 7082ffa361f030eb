-- Revenue per region and month, with the month before and the running total of the region.
with monthly as (
    select
        region,
        order_month,
        cast(sum(revenue) as decimal(18, 4)) as revenue
    from int_monthly_sales
    group by region, order_month
)

select
    region,
    order_month,
    revenue,
    lag(revenue) over (partition by region order by order_month) as revenue_month_before,
    cast(
        sum(revenue) over (
            partition by region order by order_month
            rows between unbounded preceding and current row
        ) as decimal(18, 4)
    ) as revenue_to_date
from monthly
