//! Two operators without leader election: two replicas, or an old and a new one in a rolling update. Each acts only on
//! a state that it wrote itself or has read, under the names and ids that stand in it: what one has asked for the other
//! asks for once more, and gets the same.

use std::time::Duration;

use flinkk8soperator_sim::http::kubernetes::log::Entry;
use flinkk8soperator_simulate::scene::Scene;

use crate::bench::{
    Bench, alone, application, confirmed, failed, gone, stood, the_one_job, went_on, with_class,
    with_image,
};

/// How long after the application the second operator comes: at once, while the cluster starts, while the job does,
/// and when all is done.
const LATER: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_millis(3_300),
    Duration::from_millis(6_100),
    Duration::from_secs(60),
];

/// How many jobs were sent, and how many savepoints asked for, by both together.
fn asked(bench: &Bench) -> (usize, usize) {
    let log = bench.session.cluster().server().api().log();
    let posts = |end: &str| {
        let about = |entry: &&Entry| {
            entry.request.method == http::Method::POST && entry.request.path.ends_with(end)
        };
        log.entries().iter().filter(about).count()
    };
    (posts("/run"), posts("/stop"))
}

#[tokio::test(start_paused = true)]
async fn an_update_a_rollback_and_a_delete_under_two_operators_are_done_once() {
    let mut twice = (0, 0);
    for later in LATER {
        let mut bench = Bench::start().await;
        bench.apply(&application()).await;
        bench.rest(later).await;
        let _second = bench.session.another_operator().unwrap();
        let scene = bench.until("it is deployed", confirmed).await;
        let first = the_one_job(&scene).clone();

        bench.apply(&with_image("1.1.0")).await;
        let updated = |now: &Scene| confirmed(now) && alone(now) && !stood(now, &first).runs;
        let scene = bench.until("the update is confirmed", updated).await;
        went_on(&scene, &first);
        let second = the_one_job(&scene).clone();

        bench.apply(&with_class("1.2.0", "com.example.NoSuchClass")).await;
        let back = |now: &Scene| failed(now) && alone(now) && now.running().count() == 1;
        let scene = bench.until("it is rolled back", back).await;
        went_on(&scene, &second);
        let third = the_one_job(&scene).clone();
        assert_eq!(third.hash, second.hash);

        bench.delete().await;
        let scene = bench.until("it is gone", gone).await;
        assert_eq!(stood(&scene, &third).state, "stopped with a savepoint");
        let jobs: Vec<_> = scene.jobs.iter().map(|job| job.id.clone()).collect();
        assert_eq!(jobs.len(), 3, "{}", bench.told());
        bench.sound();
        let (sent, stopped) = asked(&bench);
        twice = (twice.0 + sent, twice.1 + stopped);
        println!("{later:?}: {sent} submissions, {stopped} stops");
    }
    assert!(twice.0 > 4 * LATER.len() && twice.1 > 3 * LATER.len(), "never both: {twice:?}");
}
