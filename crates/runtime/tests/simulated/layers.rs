//! Settings of a namespace and of a release of Flink, as a round meets them.

use std::time::Duration;

use flinkk8soperator_runtime::config::{Sources, load};

use crate::bench::{Bench, application, confirmed};

/// How long the application, of namespace `default` and Flink 1.20, takes to be confirmed under these settings.
async fn confirmed_after(flags: &[(&str, &str)]) -> Duration {
    let flags = flags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let loaded = load(&Sources { flags, ..Sources::default() }).unwrap();
    let mut bench =
        Bench::with(|settings| settings.applications = loaded.settings.applications).await;
    bench.apply(&application()).await;
    bench.until("it is confirmed", confirmed).await;
    bench.sound();
    bench.session.clock().elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_round_goes_by_the_settings_of_its_applications_namespace_and_flink() {
    let second = Duration::from_secs(1);
    let common = confirmed_after(&[]).await;
    let longer =
        |than: Duration, by: u32| than >= common + by * second && than < common + (by + 5) * second;
    let version = ("operator.flinkVersions.1.20.confirmAfter", "50s");
    let namespace = ("operator.namespaces.default.confirmAfter", "70s");
    let others = [
        ("operator.flinkVersions.1.19.confirmAfter", "90s"),
        ("operator.namespaces.team-a.confirmAfter", "90s"),
    ];
    let told = confirmed_after(&[version, others[0], others[1]]).await;
    assert!(longer(told, 20), "{common:?} {told:?}");
    let told = confirmed_after(&[namespace, version]).await;
    assert!(longer(told, 40), "{common:?} {told:?}");
    let told = confirmed_after(&others).await;
    assert!(longer(told, 0), "{common:?} {told:?}");
}
