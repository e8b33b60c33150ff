//! What an API server does to its clients in its life: it throttles, forgets its history, is started anew, is away for an
//! hour, does not know a token any more. Nothing is asked for before the time that it names, and nothing is lost.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flinkk8soperator_sim::http::kubernetes::faults::Fault;
use flinkk8soperator_sim::http::kubernetes::log::RequestInfo;
use flinkk8soperator_sim::http::kubernetes::route::Verb;
use flinkk8soperator_simulate::scene::Scene;
use serde_json::json;
use tokio::time::Instant;

use crate::bench::{Bench, NAME, alone, application, confirmed, stood, went_on, with_image};

const SECOND: Duration = Duration::from_secs(1);

/// A request of the operator's rounds at the API server itself: no watch, no list of one, no look for another
/// operator.
fn of_a_round(request: &RequestInfo) -> bool {
    let listed = ["flinkapplications", "deployments", "services", "ingresses", "pods"];
    let watches = request.verb == Verb::Watch
        || (request.verb == Verb::List && listed.contains(&&*request.resource));
    request.user_agent.starts_with("operator") && !watches && request.verb != Verb::Proxy
}

/// From now on the `n`th (from 0 on) request that `picks` picks has this fault. Returns when each that it picks was
/// made, and what it was.
fn nth(
    bench: &Bench,
    n: usize,
    fault: Fault,
    picks: impl Fn(&RequestInfo) -> bool + Send + Sync + 'static,
) -> Arc<Mutex<Vec<(Instant, String)>>> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    bench.session.cluster().server().api().set_faults(move |request: &RequestInfo| {
        if !picks(request) {
            return Fault::Pass;
        }
        let mut log = log.lock().unwrap();
        log.push((Instant::now(), format!("{} {}", request.method, request.path)));
        if log.len() == n + 1 { fault.clone() } else { Fault::Pass }
    });
    seen
}

#[tokio::test(start_paused = true)]
async fn a_round_that_is_throttled_begins_no_more_before_the_time_that_was_asked_for() {
    let asked = 20 * SECOND;
    let mut written = 0;
    for n in 0..10 {
        let code = if n % 2 == 0 { 429 } else { 503 };
        let (mut bench, old) = Bench::deployed().await;
        let fault = Fault::AskToWait(code, 20);
        let seen = nth(&bench, n, fault, |r| of_a_round(r) && r.path.contains(NAME));
        bench.apply(&with_image("1.1.0")).await;
        let over = |scene: &Scene| confirmed(scene) && alone(scene) && !stood(scene, &old).runs;
        let scene = bench.until("the update is confirmed", over).await;
        went_on(&scene, &old);
        bench.sound();
        let seen = seen.lock().unwrap();
        let (at, what) = &seen[n];
        written += usize::from(!what.starts_with("GET"));
        // The round itself comes to its end.
        let next = seen.iter().find(|(then, _)| *then > *at + SECOND).unwrap();
        assert!(next.0 >= *at + asked, "{code} to {what}, then {next:?} after {:?}", next.0 - *at);
        assert!(next.0 < *at + asked + 2 * SECOND, "{code} to {what}: late, {:?}", next.0 - *at);
    }
    assert!(written > 3, "only {written} writes were throttled");
}

#[tokio::test(start_paused = true)]
async fn a_round_that_is_throttled_holds_no_other_application() {
    let (mut bench, _) = Bench::deployed().await;
    let throttled = |r: &RequestInfo| of_a_round(r) && r.path.contains(NAME);
    let (held, others) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (count, elsewhere) = (Arc::clone(&held), Arc::clone(&others));
    bench.session.cluster().server().api().set_faults(move |request: &RequestInfo| {
        if throttled(request) {
            count.fetch_add(1, Ordering::SeqCst);
            return Fault::AskToWait(429, 60);
        }
        let other = of_a_round(request) && request.path.contains("/other");
        elsewhere.fetch_add(usize::from(other), Ordering::SeqCst);
        Fault::Pass
    });
    bench.apply(&with_image("1.1.0")).await;
    let mut other = application();
    other["metadata"]["name"] = json!("other");
    bench.session.apply(&other).await.unwrap();
    bench.rest(50 * SECOND).await;
    assert_eq!(held.load(Ordering::SeqCst), 1);
    assert!(others.load(Ordering::SeqCst) > 5, "the other one is held, too");
    bench.session.cluster().server().api().set_faults(|_: &RequestInfo| Fault::Pass);
    let both = |scene: &Scene| {
        ["other", NAME].iter().all(|name| scene.application(name).is_some_and(|app| app.ready))
    };
    bench.until("both are confirmed", both).await;
}

#[tokio::test(start_paused = true)]
async fn a_watch_and_a_list_wait_for_as_long_as_is_asked_for() {
    for verb in [Verb::Watch, Verb::List] {
        let (mut bench, _) = Bench::deployed().await;
        let api = bench.session.cluster().server().api().clone();
        let picks = move |r: &RequestInfo| r.verb == verb && r.resource == "deployments";
        let seen = nth(&bench, 0, Fault::AskToWait(429, 25), picks);
        if verb == Verb::List {
            api.store().forget_history();
        }
        api.cut_watches();
        bench.rest(60 * SECOND).await;
        let seen = seen.lock().unwrap();
        assert!(seen.len() >= 2, "{verb:?}: {seen:?}");
        let pause = seen[1].0 - seen[0].0;
        assert!((25 * SECOND..27 * SECOND).contains(&pause), "{verb:?} after {pause:?}");
        drop(seen);
        bench.sound();
    }
}

/// What happened while the watches were away, and is forgotten when they come back, is seen all the same.
async fn forgotten(refused: bool) {
    let (mut bench, old) = Bench::deployed().await;
    let api = bench.session.cluster().server().api().clone();
    let down = |r: &RequestInfo| r.user_agent.starts_with("operator") && r.verb == Verb::Watch;
    api.set_faults(move |r: &RequestInfo| if down(r) { Fault::DropRequest } else { Fault::Pass });
    api.cut_watches();
    bench.rest(SECOND).await;
    let mut other = application();
    other["metadata"]["name"] = json!("other");
    bench.session.apply(&other).await.unwrap();
    bench.delete().await;
    bench.rest(10 * SECOND).await;
    let scene = Scene::of(bench.session.cluster());
    assert!(stood(&scene, &old).runs && scene.application("other").unwrap().phase.is_empty());
    api.store().forget_history();
    // In place of a stream, or in it.
    let forgotten = api.store().version();
    let refuses = move |r: &RequestInfo| {
        let from = r.query.split('&').find_map(|part| part.strip_prefix("resourceVersion="));
        refused && down(r) && from.is_some_and(|from| from.parse::<u64>().unwrap() < forgotten)
    };
    api.set_faults(
        move |r: &RequestInfo| {
            if refuses(r) { Fault::RespondWith(410) } else { Fault::Pass }
        },
    );
    let noticed = |scene: &Scene| {
        let there = scene.application("other").is_some_and(|app| app.ready);
        there && scene.application(NAME).is_none()
    };
    let scene = bench.until("both are noticed", noticed).await;
    assert_eq!(stood(&scene, &old).state, "stopped with a savepoint");
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn a_watch_whose_beginning_is_forgotten_lists_anew() {
    forgotten(false).await;
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_refused_because_its_beginning_is_forgotten_lists_anew() {
    forgotten(true).await;
}

/// An update at whose `n`th request the API server goes away for `down`: this request is performed and not answered,
/// the watches break, and each request meanwhile meets `fault`. False: there are fewer requests.
async fn away(n: usize, down: Duration, fault: Fault) -> bool {
    let (mut bench, old) = Bench::deployed().await;
    let api = bench.session.cluster().server().api().clone();
    let (is_down, seen) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (goes_down, count) = (Arc::clone(&is_down), Arc::clone(&seen));
    let what = format!("request {n}, {fault:?}");
    bench.apply(&with_image("1.1.0")).await;
    api.set_faults(move |request: &RequestInfo| {
        if !request.user_agent.starts_with("operator") {
            return Fault::Pass;
        }
        if goes_down.load(Ordering::SeqCst) {
            return fault.clone();
        }
        if request.verb == Verb::Watch || count.fetch_add(1, Ordering::SeqCst) < n {
            return Fault::Pass;
        }
        goes_down.store(true, Ordering::SeqCst);
        Fault::DropReply
    });
    let over = |scene: &Scene| confirmed(scene) && alone(scene) && !stood(scene, &old).runs;
    bench.until(&what, |scene| is_down.load(Ordering::SeqCst) || over(scene)).await;
    let struck = is_down.load(Ordering::SeqCst);
    if struck {
        api.cut_watches();
        bench.rest(down).await;
    }
    api.set_faults(|_: &RequestInfo| Fault::Pass);
    let back = Instant::now();
    let scene = bench.until(&what, over).await;
    assert!(back.elapsed() < 300 * SECOND, "{what}: {:?} after it is back", back.elapsed());
    went_on(&scene, &old);
    assert!(!bench.session.operator().unwrap().has_ended(), "{what}");
    bench.sound();
    struck
}

#[tokio::test(start_paused = true)]
async fn the_api_server_is_started_anew_at_any_request_of_an_update() {
    let mut n = 0;
    while away(n, 5 * SECOND, Fault::DropRequest).await {
        n += 7;
    }
    assert!(n > 60, "an update makes only {n} requests");
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_is_away_for_an_hour_ends_nothing() {
    for n in [0, 20, 60] {
        assert!(away(n, 3600 * SECOND, Fault::DropRequest).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_has_expired_is_no_refusal_that_lasts() {
    for n in [0, 20, 60] {
        assert!(away(n, 90 * SECOND, Fault::RespondWith(401)).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_creation_that_an_expired_token_kept_out_is_made_with_the_next_one() {
    let (mut bench, old) = Bench::deployed().await;
    let api = bench.session.cluster().server().api().clone();
    let refused = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&refused);
    // The state before was written with it.
    api.set_faults(move |request: &RequestInfo| {
        if request.verb != Verb::Create || request.resource != "deployments" {
            return Fault::Pass;
        }
        count.fetch_add(1, Ordering::SeqCst);
        Fault::RespondWith(401)
    });
    bench.apply(&with_image("1.1.0")).await;
    bench.rest(90 * SECOND).await;
    assert!(refused.load(Ordering::SeqCst) > 1, "it is tried again meanwhile");
    api.set_faults(|_: &RequestInfo| Fault::Pass);
    let over = |scene: &Scene| confirmed(scene) && alone(scene) && !stood(scene, &old).runs;
    let scene = bench.until("the update is confirmed", over).await;
    went_on(&scene, &old);
    bench.sound();
}
