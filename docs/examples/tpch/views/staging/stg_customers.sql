-- One row per customer, with the market segment in lower case.
select
    c_custkey as customer_id,
    c_name as customer,
    c_nationkey as nation_id,
    split_part(c_phone, '-', 1) as dialling_code,
    c_acctbal as balance,
    lower(c_mktsegment) as segment
from customers
