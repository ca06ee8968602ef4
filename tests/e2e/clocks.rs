//! The clock of the machine is not AWS's: up to five minutes to either side nothing changes.

use deploy_ops::deploy;
use deploy_ops::resolve::Wanted;
use ops_cli::Verdict;

use super::endpoint::Fate;
use super::scene::{Scene, block_on, close, options};

/// What AWS and its SDKs bear, and what lies between.
const AHEAD_SECS: &[f64] = &[-300.0, -30.0, -6.0, -1.0, 1.0, 6.0, 10.0, 30.0, 300.0];

/// How a deployment ends, and after how many seconds, by a machine whose clock is so far ahead.
fn deployed(ahead_secs: f64, fault: Option<&str>) -> (Verdict, f64) {
    let scene = Scene::staging();
    scene.commit("second");
    block_on(async {
        scene.build("staging").await;
        let session = scene.through("staging", ahead_secs, |_, _| Fate::Answered).await;
        if let Some(fault) = fault {
            let control = session.target.control().unwrap();
            control.add_fault(fault.parse().unwrap(), std::time::Duration::ZERO).unwrap();
        }
        let outcome = Box::pin(deploy::deploy(&session, &options(Wanted::Head))).await.unwrap();
        close(session).await;
        (outcome.result.verdict, outcome.result.elapsed_secs)
    })
}

#[test]
fn a_deployment_takes_as_long_whatever_the_clock_of_the_machine_says() {
    let (right, usual) = deployed(0.0, None);
    assert_eq!(right, Verdict::Succeeded);
    for &ahead in AHEAD_SECS {
        let (verdict, secs) = deployed(ahead, None);
        assert_eq!(verdict, Verdict::Succeeded, "{ahead} s ahead");
        assert!((secs - usual).abs() <= 10.0, "{ahead} s ahead: {secs} s instead of {usual}");
    }
}

#[test]
fn a_failure_is_called_as_early_whatever_the_clock_of_the_machine_says() {
    let (right, usual) = deployed(0.0, Some("health-path:mcp"));
    assert_eq!(right, Verdict::RolledBack);
    for &ahead in AHEAD_SECS {
        let (verdict, secs) = deployed(ahead, Some("health-path:mcp"));
        assert_eq!(verdict, Verdict::RolledBack, "{ahead} s ahead");
        assert!((secs - usual).abs() <= 20.0, "{ahead} s ahead: {secs} s instead of {usual}");
    }
}
