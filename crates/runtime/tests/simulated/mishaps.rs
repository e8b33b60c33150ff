//! What goes wrong on the way: the operator's process, and the API server. Whatever it is, and at
//! whichever request: one job, that went on where the one before it stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use flinkk8soperator_sim::http::kubernetes::faults::Fault;
use flinkk8soperator_sim::http::kubernetes::log::RequestInfo;
use flinkk8soperator_sim::http::kubernetes::route::Verb;
use flinkk8soperator_simulate::scene::{Job, Scene};
use serde_json::Value;

use crate::bench::{
    Bench, alone, application, confirmed, failed, gone, stood, the_one_job, went_on, with_class,
    with_image,
};

/// More requests that change something than any story makes.
const MANY: usize = 200;

/// A request of the operator that changes something: at the API server, or at a Flink behind it.
fn changes_something(request: &RequestInfo) -> bool {
    let writes = match request.verb {
        Verb::Create | Verb::Update | Verb::Patch | Verb::Delete | Verb::DeleteCollection => true,
        Verb::Proxy => request.method != http::Method::GET,
        Verb::Get | Verb::List | Verb::Watch => false,
    };
    writes && request.resource != "events"
}

/// From now on the `n`th (from 1 on) request that `picks` picks has this fault; those after it have
/// `then`. Returns the counter.
fn nth(
    bench: &Bench,
    n: usize,
    fault: Fault,
    then: Fault,
    picks: impl Fn(&RequestInfo) -> bool + Send + Sync + 'static,
) -> Arc<AtomicUsize> {
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&seen);
    bench.session.cluster().server().api().set_faults(move |request: &RequestInfo| {
        if counter.load(Ordering::SeqCst) >= n {
            return then.clone();
        }
        if !picks(request) || counter.fetch_add(1, Ordering::SeqCst) + 1 < n {
            return Fault::Pass;
        }
        fault.clone()
    });
    seen
}

fn no_faults(bench: &Bench) {
    bench.session.cluster().server().api().set_faults(|_: &RequestInfo| Fault::Pass);
}

/// A story: what the user does to the deployed application, when it is over, what is true then.
struct Story {
    name: &'static str,
    /// The application as the user wants it at the `n`th telling; none: deleted.
    wants: fn(usize) -> Option<Value>,
    over: fn(&Scene, &Job) -> bool,
    end: fn(&Scene, &Job),
}

const UPDATE: Story = Story {
    name: "update",
    wants: |n| Some(with_image(&format!("1.{n}.0"))),
    over: |scene, old| confirmed(scene) && alone(scene) && scene.versions() != [old.hash.as_str()],
    end: |scene, old| {
        went_on(scene, old);
        assert_ne!(the_one_job(scene).hash, old.hash);
    },
};

const ROLLBACK: Story = Story {
    name: "update with a wrong class",
    wants: |n| Some(with_class(&format!("2.{n}.0"), "com.example.NoSuchClass")),
    over: |scene, _| failed(scene) && alone(scene) && scene.running().count() == 1,
    end: |scene, old| {
        went_on(scene, old);
        assert_eq!(the_one_job(scene).hash, old.hash);
    },
};

const DELETE: Story = Story {
    name: "delete",
    wants: |_| None,
    over: |scene, _| gone(scene),
    end: |scene, old| assert_eq!(stood(scene, old).state, "stopped with a savepoint"),
};

/// Tells `story`; its `n`th request that changes something has `fault`, and with `crash` the operator's
/// process ends there and is started again 3 s later. False: there are fewer requests.
async fn tell(bench: &mut Bench, story: &Story, n: usize, fault: Fault, crash: bool) -> bool {
    let what = format!("{}, request {n}, {fault:?}, crash: {crash}", story.name);
    let runs = |scene: &Scene| scene.running().count() == 1 && alone(scene);
    if Scene::of(bench.session.cluster()).applications.is_empty() {
        bench.apply(&application()).await;
        bench.until("it is deployed", |scene| confirmed(scene) && runs(scene)).await;
    }
    let old = the_one_job(&Scene::of(bench.session.cluster())).clone();
    // The user's own request is over when the first of the operator's is made.
    match (story.wants)(n) {
        Some(application) => bench.apply(&application).await,
        None => bench.delete().await,
    }
    let then = if crash { Fault::DropRequest } else { Fault::Pass };
    let seen = nth(bench, n, fault, then, changes_something);
    if crash {
        let hit = || seen.load(Ordering::SeqCst) >= n;
        bench.until(&what, |scene| hit() || begun_and_over(story, scene, &old)).await;
        bench.session.kill_operator().await.unwrap();
        no_faults(bench);
        bench.rest(Duration::from_secs(3)).await;
        bench.session.start_operator().unwrap();
    }
    bench.until(&what, |scene| begun_and_over(story, scene, &old)).await;
    no_faults(bench);
    // What is still on its way arrives.
    bench.rest(Duration::from_secs(10)).await;
    let scene = bench.until(&what, |scene| begun_and_over(story, scene, &old)).await;
    (story.end)(&scene, &old);
    bench.sound();
    seen.load(Ordering::SeqCst) >= n
}

/// The end of the story before is not the end of this one: its job still runs then.
fn begun_and_over(story: &Story, scene: &Scene, old: &Job) -> bool {
    (story.over)(scene, old) && !stood(scene, old).runs
}

/// Every request that changes something, one after the other.
async fn at_every_request(story: &Story, fault: Fault, crash: bool) {
    let mut bench = Bench::with(|settings| {
        settings.applications.common.confirm_after = Duration::from_secs(3);
    })
    .await;
    let mut n = 1;
    while tell(&mut bench, story, n, fault.clone(), crash).await {
        n += 1;
        assert!(n < MANY, "{} never ends", story.name);
    }
    let took = bench.session.clock().elapsed();
    println!("{}: {} requests, {fault:?}, crash: {crash}, {took:.0?} simulated", story.name, n - 1);
    assert!(n > 3, "{} makes only {} requests", story.name, n - 1);
}

#[tokio::test(start_paused = true)]
async fn the_operator_ends_after_any_request_of_an_update() {
    at_every_request(&UPDATE, Fault::DropReply, true).await;
}

#[tokio::test(start_paused = true)]
async fn the_operator_ends_before_any_request_of_an_update() {
    at_every_request(&UPDATE, Fault::DropRequest, true).await;
}

#[tokio::test(start_paused = true)]
async fn the_operator_ends_after_any_request_of_a_rollback() {
    at_every_request(&ROLLBACK, Fault::DropReply, true).await;
}

#[tokio::test(start_paused = true)]
async fn the_operator_ends_after_any_request_of_a_delete() {
    at_every_request(&DELETE, Fault::DropReply, true).await;
}

#[tokio::test(start_paused = true)]
async fn the_reply_to_any_request_of_an_update_is_lost() {
    at_every_request(&UPDATE, Fault::DropReply, false).await;
}

#[tokio::test(start_paused = true)]
async fn the_reply_to_any_request_of_a_rollback_is_lost() {
    at_every_request(&ROLLBACK, Fault::DropReply, false).await;
}

#[tokio::test(start_paused = true)]
async fn any_request_of_an_update_is_answered_with_503() {
    at_every_request(&UPDATE, Fault::RespondWith(503), false).await;
}

#[tokio::test(start_paused = true)]
async fn any_request_of_an_update_is_answered_with_409() {
    at_every_request(&UPDATE, Fault::RespondWith(409), false).await;
}

#[tokio::test(start_paused = true)]
async fn the_watches_stand_still_for_a_while_in_an_update() {
    for stands_still in [1, 5, 20, 60] {
        let (mut bench, old) = Bench::deployed().await;
        let api = bench.session.cluster().server().api().clone();
        bench.apply(&with_image("1.1.0")).await;
        bench.rest(Duration::from_secs(2)).await;
        api.hold_watches(true);
        bench.rest(Duration::from_secs(stands_still)).await;
        api.hold_watches(false);
        let what = "the update is confirmed";
        let scene = bench.until(what, |scene| (UPDATE.over)(scene, &old)).await;
        (UPDATE.end)(&scene, &old);
        bench.sound();
    }
}

#[tokio::test(start_paused = true)]
async fn the_watches_are_cut_again_and_again_in_an_update() {
    let (mut bench, old) = Bench::deployed().await;
    let api = bench.session.cluster().server().api().clone();
    bench.apply(&with_image("1.1.0")).await;
    for _ in 0..40 {
        bench.rest(Duration::from_secs(1)).await;
        api.cut_watches();
    }
    let scene = bench.until("the update is confirmed", |s| (UPDATE.over)(s, &old)).await;
    (UPDATE.end)(&scene, &old);
    bench.sound();
}
