-- Customers and suppliers in one list, each marked with its role.
select
    'customer' as role,
    customer_id as party_id,
    customer as party,
    nation,
    region,
    balance
from int_customers_located
union all
select
    'supplier' as role,
    supplier_id as party_id,
    supplier as party,
    nation,
    region,
    balance
from int_suppliers_located
