-- Account balances of customers and suppliers by region and role, with those in debt apart.
select
    region,
    role,
    count(*) as party_count,
    sum(balance) as balance,
    cast(sum(case when balance < 0 then 1 else 0 end) as bigint) as debtor_count,
    cast(sum(case when balance < 0 then balance else 0 end) as decimal(18, 2)) as debt
from int_parties
group by region, role
