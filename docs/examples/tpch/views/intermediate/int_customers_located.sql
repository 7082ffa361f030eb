-- One row per customer with nation, region and a band for the account balance.
select
    c.customer_id,
    c.customer,
    c.segment,
    c.balance,
    case
        when c.balance < 0 then 'overdrawn'
        when c.balance < 2500 then 'low'
        when c.balance < 7500 then 'middle'
        else 'high'
    end as balance_band,
    g.nation,
    g.region
from stg_customers as c
join int_geography as g on g.nation_id = c.nation_id
