-- Customers with money in the account who never ordered, counted by nation and balance band.
select
    c.region,
    c.nation,
    c.balance_band,
    count(*) as customer_count,
    sum(c.balance) as balance
from int_customers_located as c
where c.balance > 0
    and not exists (
        select 1
        from stg_orders as o
        where o.customer_id = c.customer_id
    )
group by c.region, c.nation, c.balance_band
