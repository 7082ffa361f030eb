-- How regularly customers come back: repeat buyers with their mean and longest pause in days.
select
    c.customer_id,
    c.segment,
    c.region,
    count(*) as order_count,
    min(j.days_since_previous) as shortest_pause,
    max(j.days_since_previous) as longest_pause,
    cast(sum(j.days_since_previous) as double)
        / cast(count(j.days_since_previous) as double) as mean_pause,
    max(j.running_spend) as spend
from int_customer_journeys as j
join int_customers_located as c on c.customer_id = j.customer_id
group by c.customer_id, c.segment, c.region
having count(*) >= 5
