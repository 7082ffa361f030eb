-- One row per part, its type split into finish, treatment and metal.
select
    p_partkey as part_id,
    p_name as part,
    p_mfgr as manufacturer,
    p_brand as brand,
    split_part(p_type, ' ', 1) as finish,
    split_part(p_type, ' ', 2) as treatment,
    split_part(p_type, ' ', 3) as metal,
    p_size as part_size,
    p_container as container,
    p_retailprice as retail_price
from parts
