//! Many runs.

use rollout_lab::{Percentiles, Play, Watcher, sample};

use crate::support::{faults, staging};

#[test]
fn the_same_seed_gives_the_same_percentiles_and_another_gives_others() {
    let broken = faults(&["crash-on-start:mcp"]);
    let play = Play::new(Watcher::Tool, &broken);
    let one = sample(staging(), &play, 12, 7).unwrap();
    assert_eq!(one, sample(staging(), &play, 12, 7).unwrap());
    assert_ne!(one.verdict_secs, sample(staging(), &play, 12, 8).unwrap().verdict_secs);
}

#[test]
fn percentiles_are_ordered_and_every_run_is_counted() {
    let broken = faults(&["health-path:mcp"]);
    let sampled = sample(staging(), &Play::new(Watcher::Tool, &broken), 24, 1).unwrap();
    assert_eq!(sampled.endings.iter().map(|(_, count)| count).sum::<usize>(), 24);
    let ordered = |p: &Percentiles| p.p50 <= p.p90 && p.p90 <= p.p99 && p.p99 <= p.max;
    let all = [sampled.first_failure_secs, sampled.verdict_secs, sampled.whole_secs];
    for percentiles in all.iter().flatten() {
        assert!(ordered(percentiles), "{percentiles:?}");
    }
    let (first, verdict) = (sampled.first_failure_secs.unwrap(), sampled.verdict_secs.unwrap());
    assert!(first.p50 < verdict.p50);
    assert!(first.p50 < first.max, "the draws differ");
}
