"""Queries that cover what SQL views may hold, and a project made of them over small tables with awkward rows."""

# ruff: noqa: E501 - a query is read best on one line
# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

TABLES = {
    "people": pa.table(
        {
            "id": pa.array([1, 2, 3, 4, 5, 6], pa.int64()),
            "name": pa.array(["Ada", "Bo", "Cy", "Dee", "O'Hara", "Zoë"], pa.string()),
            "town": pa.array(["Bergen", "Oslo", None, "Oslo", "people", "Bergen"], pa.string()),
            "age": pa.array([36, None, 17, 51, 42, 17], pa.int32()),
            "boss_id": pa.array([None, 1, 1, 2, 2, 4], pa.int64()),
        }
    ),
    "sales": pa.table(
        {
            "sale_id": pa.array(range(1, 11), pa.int64()),
            "person_id": pa.array([1, 1, 2, 3, 3, 3, 5, 9, None, 1], pa.int64()),
            "item": pa.array(["tea", "cup", "tea", "pot", "tea", "cup", "cup", "tea", "pot", "tea"], pa.string()),
            "amount": pa.array(
                [Decimal(text) for text in ("1.50", "4.00", "1.50", "19.99", "1.25", "4.00", "0.00", "1.50", "7.10")]
                + [None],
                pa.decimal128(10, 2),
            ),
            "weight": pa.array([0.1, 0.5, 0.1, 2.5, 0.1, None, 0.5, 0.1, 2.25, 0.1], pa.float64()),
            "sold_on": pa.array([dt.date(2024, 1, day) for day in (1, 2, 2, 3, 5, 5, 9, 30, 31, 31)], pa.date32()),
            "sold_at": pa.array([dt.datetime(2024, 1, 1, hour) for hour in range(10)], pa.timestamp("us")),
        }
    ),
    "Events": pa.table(
        {
            "Id": pa.array([1, 2, 3], pa.int64()),
            "userName": pa.array(["Ada", "Bo", "ada"], pa.string()),
            "select": pa.array([10, 20, 30], pa.int64()),
            "a b": pa.array([0.5, 1.5, 2.5], pa.float64()),
        }
    ),
    "visits": pa.table(
        {
            "visitor": pa.array([1, 2, 3], pa.int64()),
            "days": pa.array([[1, 2, 2], [], [5]], pa.list_(pa.int64())),
            "notes": pa.array([["a", "b"], None, ["c"]], pa.list_(pa.string())),
        }
    ),
}

QUERIES = {
    # common table expressions
    "cte": "with old as (select id, name from people where age > 20) select name from old where id < 5",
    "cte_chain": "with a as (select * from people), b as (select id, town from a), c as (select town from b) select * from c",
    "cte_twice": "with t as (select town, count(*) as n from people group by town) "
    "select a.town, b.n from t a join t b on a.n = b.n",
    "cte_unused_column": "with t as (select id, name, age from people) select id from t",
    "cte_shadows_dataset": "with sales as (select id as sale_id, name as item from people) select item from sales",
    "cte_reads_what_it_shadows": "with people as (select id, upper(name) as name from people) select name from people",
    "cte_of_own_name": "with cte_of_own_name as (select id from people) select id from cte_of_own_name",
    "cte_nested": "with a as (with b as (select id from people where id > 2) select id + 1 as id from b) select id from a",
    "cte_with_names": "with t(x, y) as (select id, town from people) select y, x from t",
    "cte_recursive": "with recursive r as (select id, boss_id, 0 as depth from people where boss_id is null "
    "union all select p.id, p.boss_id, r.depth + 1 from people p join r on p.boss_id = r.id) select id, depth from r",
    # subqueries
    "scalar_subquery": "select name, (select max(amount) from sales) as most from people",
    "scalar_correlated": "select name, (select sum(s.amount) from sales s where s.person_id = p.id) as total from people p",
    "scalar_in_filter": "select sale_id from sales where amount > (select avg(amount) from sales)",
    "scalar_in_having": "select item, count(*) as n from sales group by item having count(*) > (select count(*) - 4 from people)",
    "exists": "select name from people p where exists (select 1 from sales s where s.person_id = p.id and s.item = 'tea')",
    "not_exists": "select name from people p where not exists (select 1 from sales s where s.person_id = p.id)",
    "exists_uncorrelated": "select name from people where exists (select 1 from sales where amount > 19)",
    "in_subquery": "select name from people where id in (select person_id from sales where item = 'cup')",
    "not_in_subquery": "select name from people where id not in (select person_id from sales where person_id is not null)",
    "in_subquery_nulls": "select name from people where id not in (select person_id from sales)",
    "in_list": "select name from people where town in ('Oslo', 'Bergen') and id not in (4, 6)",
    "in_or": "select sale_id from sales where person_id in (select id from people where age < 18) or item = 'pot'",
    "derived_table": "select t.n from (select town, count(*) as n from people group by town) as t where t.town is not null",
    "lateral": "select p.name, s.most from people p, lateral "
    "(select max(weight) as most from sales s where s.person_id = p.id) s",
    "count_subquery_in_case": "select name, case when (select count(*) from sales s where s.person_id = p.id) > 1 "
    "then 'often' else 'rarely' end as buys from people p",
    # windows
    "row_number": "select sale_id, row_number() over (partition by item order by sale_id) as n from sales",
    "running_sum": "select sale_id, sum(amount) over (order by sale_id) as so_far from sales",
    "window_frame": "select sale_id, max(weight) over (order by sale_id rows between 1 preceding and 1 following) as w from sales",
    "lag_lead": "select sale_id, lag(item) over (order by sale_id) as a, lead(item, 2) over (order by sale_id) as b from sales",
    "rank_of_groups": "select item, rank() over (order by count(*) desc) as place from sales group by item",
    "named_window": "select id, min(age) over w as youngest, count(*) over w as n from people window w as (partition by town)",
    "window_then_filter": "select item, sale_id from (select item, sale_id, row_number() over "
    "(partition by item order by sold_on desc, sale_id) as n from sales) t where n = 1",
    "first_value": "select id, first_value(name) over (partition by town order by id) as f from people",
    # sets
    "union_all": "select town from people union all select item from sales",
    "union": "select town as word from people union select item from sales",
    "union_widens": "select id as n from people union all select age from people union all select 7",
    "intersect": "select id from people intersect select person_id from sales",
    "except": "select id from people except select person_id from sales",
    "sets_nested": "(select id from people where id < 5 union select 9) except select person_id from sales where item = 'pot'",
    "values": "select column1 as n, column2 as word from (values (1, 'one'), (2, 'two')) as t(column1, column2)",
    # unnest
    "unnest": "select visitor, unnest(days) as day from visits",
    "unnest_in_from": "select d.day from unnest([3, 1, 2]) as d(day)",
    "unnest_then_group": "select day, count(*) as n from (select unnest(days) as day from visits) t group by day",
    # names
    "mixed_case_columns": 'select "Id", "userName" from "Events"',
    "mixed_case_table": 'select "Id" from events where "userName" = \'Ada\'',
    "mixed_case_and_alias": 'select E."userName" as who from EVENTS as e where e."a b" > 1',
    "keyword_column": 'select "select" + 1 as picked from "Events"',
    "column_with_space": 'select "a b" as "c d" from "Events" order by "a b"',
    "alias_quoted": 'select p."id" as "Id", p.name as "NAME" from people p',
    "unquoted_is_folded": "SELECT ID, Name FROM People WHERE TOWN = 'Oslo'",
    "table_name_in_string": "select id, 'sales' as word from people where name <> 'from sales s'",
    "table_name_as_value": "select id from people where town = 'people'",
    "table_name_in_comment": "select id /* from sales */ from people -- join sales\n",
    "string_with_quote": "select id from people where name = 'O''Hara'",
    "unicode": "select id, 'ø' || name as greeting from people where name = 'Zoë'",
    "column_named_like_table": "select people.name as people from people",
    # stars
    "star": "select * from people",
    "star_of_one": "select s.* from sales s join people p on p.id = s.person_id",
    "star_and_more": "select *, age + 1 as older from people",
    "star_of_derived": "select * from (select id, town from people) t where town is not null",
    "count_star": "select count(*) as n from sales",
    # joins
    "self_join": "select a.name, b.name as boss from people a left join people b on a.boss_id = b.id",
    "join_using": "select sale_id, name from sales join (select id as person_id, name from people) p using (person_id)",
    "full_join": "select p.id, s.sale_id from people p full join sales s on s.person_id = p.id",
    "cross_join": 'select p.id, e."Id" as event from people p cross join "Events" e',
    "join_on_inequality": "select p.id, s.sale_id from people p join sales s on s.person_id < p.id and s.amount > 5",
    "semi_join": "select name from people where id = any (select person_id from sales)",
    "three_tables": 'select p.name, s.item, e."select" as n from people p join sales s on s.person_id = p.id '
    'join "Events" e on e."userName" = p.name where s.weight > 0.2',
    # aggregates
    "group_by_expression": "select extract(month from sold_on) as m, count(*) as n from sales group by 1",
    "group_by_position": "select town, max(age) as oldest from people group by 1 order by 2",
    "having": "select item from sales group by item having sum(amount) > 10",
    "filtered_aggregate": "select item, count(*) filter (where amount > 2) as dear from sales group by item",
    "distinct": "select distinct item, person_id from sales",
    "count_distinct": "select count(distinct town) as towns, count(town) as known from people",
    "grouping_sets": "select item, person_id, sum(amount) as total from sales group by grouping sets ((item), (person_id), ())",
    "rollup": "select item, count(*) as n from sales group by rollup (item)",
    "aggregate_of_expression": "select sum(amount * 2) + max(weight) as x, min(upper(item)) as first_item from sales",
    # expressions
    "case": "select id, case when age is null then 'unknown' when age < 18 then 'young' else 'old' end as kind from people",
    "cast": "select cast(sale_id as varchar) as t, cast(weight as decimal(6, 3)) as d, sold_on::timestamp as at from sales",
    "coalesce": "select coalesce(town, name, '?') as place, nullif(town, 'Oslo') as elsewhere from people",
    "like": "select name from people where name like '%a' or name not like '_o%'",
    "between_dates": "select sale_id from sales where sold_on between date '2024-01-02' and date '2024-01-09'",
    "interval": "select sale_id, sold_at + interval '1 day' as later from sales where sold_at < timestamp '2024-01-01 05:00:00'",
    "is_distinct_from": "select id from people where town is distinct from 'Oslo'",
    "boolean_column": "select id, age > 20 as grown, not (town = 'Oslo') as away from people",
    "arithmetic_brackets": "select sale_id - (sale_id - person_id) as a, (sale_id - sale_id) - person_id as b from sales",
    "order_limit": "select sale_id from sales order by amount desc nulls last, sale_id limit 3 offset 1",
    "no_table": "select 1 as one, 'two' as two, null::varchar as nothing",
}
"""Query by name of the view."""

TEXTS = {
    "byte_order_mark": b"\xef\xbb\xbfselect id from people",
    "crlf": b"select id,\r\n  -- a comment\r\n  'a\r\nb' as t\r\nfrom people\r\n",
    "closing_semicolon": b"select id from people;\n\n-- the end\n",
    "comment_first": b"/* nested /* comment */ */ select id from people",
}
"""Texts whose bytes matter."""


def write_corpus(folder: Path) -> Path:
    """Write a project that holds every query."""
    (folder / "data").mkdir(parents=True)
    (folder / "views" / "texts").mkdir(parents=True)
    sections = ['[project]\nname = "corpus"\nviews = "views"\n']
    for name, table in TABLES.items():
        pq.write_table(table, folder / "data" / f"{name}.parquet")
        sections.append(f'[datasets.{name}]\npath = "data/{name}.parquet"\n')
    (folder / "plan.toml").write_text("\n".join(sections))
    for name, sql in QUERIES.items():
        (folder / "views" / f"{name}.sql").write_text(sql, encoding="utf-8")
    for name, text in TEXTS.items():
        (folder / "views" / "texts" / f"{name}.sql").write_bytes(text)
    return folder
