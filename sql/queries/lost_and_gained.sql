-- How many gold items of each type does a version find that its baseline missed, and how many does it lose?
-- parameters: version, baseline
-- Grain: one row per (task, gold_type), stage final.
-- Reads: flips.
-- Units: items; net: gained minus lost.
select
    task,
    gold_type,
    count(*) filter (where change = 'gained') as gained,
    count(*) filter (where change = 'lost') as lost,
    count(*) filter (where change = 'gained') - count(*) filter (where change = 'lost') as net
from flips($baseline, $version)
group by task, gold_type
order by task, net, gold_type;
