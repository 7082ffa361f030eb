-- One row per offer: a part, a supplier that has it, its stock and its price.
select
    ps_partkey as part_id,
    ps_suppkey as supplier_id,
    ps_availqty as stock,
    ps_supplycost as unit_cost
from part_suppliers
