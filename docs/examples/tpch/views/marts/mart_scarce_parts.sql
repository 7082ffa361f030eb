-- Parts of which more than a tenth of all stock was sold, with the pieces sold.
select
    p.part_id,
    p.part,
    p.manufacturer,
    p.stock,
    count(*) as line_count,
    cast(sum(s.quantity) as decimal(18, 2)) as pieces_sold
from int_part_catalogue as p
join int_sales as s on s.part_id = p.part_id
group by p.part_id, p.part, p.manufacturer, p.stock
having sum(s.quantity) * 10 > p.stock
