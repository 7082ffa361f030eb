-- Revenue per brand and year against the year before, with the brand's place in that year.
with yearly as (
    select
        brand,
        order_year,
        cast(sum(net_price) as decimal(18, 4)) as revenue,
        cast(sum(margin) as decimal(18, 4)) as margin
    from int_sales
    group by brand, order_year
)

select
    brand,
    order_year,
    revenue,
    margin,
    cast(
        revenue - lag(revenue) over (partition by brand order by order_year) as decimal(18, 4)
    ) as change_on_year,
    cast(
        rank() over (partition by order_year order by revenue desc, brand) as bigint
    ) as place_in_year
from yearly
