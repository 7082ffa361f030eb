-- One row per supplier with its lines, its late lines and the days they were late in all.
select
    s.supplier_id,
    s.supplier,
    s.nation,
    s.region,
    count(*) as line_count,
    cast(sum(case when d.is_late then 1 else 0 end) as bigint) as late_lines,
    cast(sum(d.days_late) as bigint) as days_late,
    max(d.days_to_receive) as slowest_days
from int_suppliers_located as s
join int_line_deliveries as d on d.supplier_id = s.supplier_id
group by s.supplier_id, s.supplier, s.nation, s.region
