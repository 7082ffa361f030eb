-- One row per supplier: revenue, margin, late share, return share, and ranks within the region.
with sold as (
    select
        supplier_id,
        cast(sum(net_price) as decimal(18, 4)) as revenue,
        cast(sum(margin) as decimal(18, 4)) as margin,
        sum(case when is_returned then 1 else 0 end) as returned_lines
    from int_sales
    group by supplier_id
)

select
    v.supplier_id,
    v.supplier,
    v.nation,
    v.region,
    s.revenue,
    s.margin,
    v.line_count,
    cast(v.late_lines as double) / cast(v.line_count as double) as late_share,
    cast(s.returned_lines as double) / cast(v.line_count as double) as return_share,
    cast(
        rank() over (partition by v.region order by s.revenue desc, v.supplier_id) as bigint
    ) as revenue_rank,
    cast(
        rank() over (partition by v.region order by v.days_late, v.supplier_id) as bigint
    ) as punctuality_rank
from int_supplier_service as v
join sold as s on s.supplier_id = v.supplier_id
