-- One row per supplier, with the dialling code taken from its telephone number.
select
    s_suppkey as supplier_id,
    s_name as supplier,
    s_nationkey as nation_id,
    split_part(s_phone, '-', 1) as dialling_code,
    s_acctbal as balance
from suppliers
