//! Two replicas of which one acts: what is handed over, how soon, and what the other one does meanwhile. The rules of
//! the Lease itself are told by the unit tests beside them.

use std::time::Duration;

use flinkk8soperator_runtime::lease::LeaderElection;
use flinkk8soperator_sim::http::kubernetes::faults::Fault;
use flinkk8soperator_sim::http::kubernetes::kinds::LEASES;
use flinkk8soperator_sim::http::kubernetes::log::{Entry, RequestInfo};
use flinkk8soperator_sim::http::kubernetes::route::Verb;
use flinkk8soperator_simulate::scene::{Job, Scene};
use flinkk8soperator_simulate::session::Running;
use http::Method;
use tokio::time::Instant;

use crate::bench::{
    Bench, NAMESPACE, alone, application, confirmed, stood, the_one_job, went_on, with_image,
};

const SECOND: Duration = Duration::from_secs(1);

/// Two operators, of which the first acts; and a deployed application with its job.
async fn two() -> (Bench, Running, Job) {
    let mut bench = Bench::start().await;
    bench.session.kill_operator().await.unwrap();
    bench.session.settings().leader_election = Some(LeaderElection::default());
    bench.session.start_operator().unwrap();
    bench.rest(SECOND).await;
    let second = bench.session.another_operator().unwrap();
    bench.apply(&application()).await;
    let scene = bench.until("it is deployed", confirmed).await;
    (bench, second, the_one_job(&scene).clone())
}

fn entries(bench: &Bench) -> Vec<Entry> {
    bench.session.cluster().server().api().log().entries()
}

/// What an operator that stands by does not do: reading an application live, asking Flink, writing.
fn is_an_act(request: &RequestInfo) -> bool {
    let own = request.resource == "leases";
    let look = matches!(request.verb, Verb::List | Verb::Watch);
    !own && !look && !request.resource.is_empty()
}

/// What this operator has done since the log was last cleared.
fn acts(bench: &Bench, of: &str) -> Vec<String> {
    let entries = entries(bench);
    let all = entries.iter().map(|entry| &entry.request);
    let acts = all.filter(|request| request.user_agent == of && is_an_act(request));
    acts.map(|request| format!("{} {}", request.method, request.path)).collect()
}

/// How long until this operator does something.
async fn takes_over(bench: &Bench, operator: &str) -> Duration {
    let began = Instant::now();
    while acts(bench, operator).is_empty() {
        assert!(began.elapsed() < 60 * SECOND, "it does not take over");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    began.elapsed()
}

/// Jobs that were sent.
fn sent(bench: &Bench) -> usize {
    let about = |entry: &&Entry| {
        entry.request.method == Method::POST && entry.request.path.ends_with("/run")
    };
    entries(bench).iter().filter(about).count()
}

fn holder(bench: &Bench) -> String {
    let store = bench.session.cluster().server().api().store();
    let lease = store.get(&LEASES, NAMESPACE, "flinkk8soperator").expect("there is a Lease");
    lease["spec"]["holderIdentity"].as_str().unwrap_or_default().to_owned()
}

/// When the one that acts ends, after the beginning of an update.
const MOMENTS: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_millis(40),
    Duration::from_millis(900),
    Duration::from_millis(3_300),
    Duration::from_millis(7_100),
    Duration::from_secs(90),
];

/// An update over which one hands over to the other.
pub(crate) async fn handed_over() -> Bench {
    let (mut bench, _second, job) = two().await;
    bench.apply(&with_image("1.1.0")).await;
    bench.rest(SECOND).await;
    bench.session.stop_operator().await.unwrap();
    updated(&mut bench, &job).await;
    bench
}

async fn updated(bench: &mut Bench, first: &Job) {
    let updated = |now: &Scene| confirmed(now) && alone(now) && !stood(now, first).runs;
    let scene = bench.until("the update is confirmed", updated).await;
    went_on(&scene, first);
    assert_eq!(scene.jobs.len(), 2, "{}", bench.told());
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn one_that_is_stopped_in_order_hands_over_in_less_than_two_seconds() {
    for moment in MOMENTS {
        let (mut bench, second, job) = two().await;
        let before = holder(&bench);
        bench.apply(&with_image("1.1.0")).await;
        bench.rest(moment).await;
        assert_eq!(acts(&bench, second.name()), [""; 0], "before it may");
        bench.session.cluster().server().api().log().clear();
        let began = Instant::now();
        bench.session.stop_operator().await.unwrap();
        let ended = began.elapsed();
        takes_over(&bench, second.name()).await;
        let took = began.elapsed();
        println!(
            "stopped {moment:?} into an update: it ended after {ended:?}, the next one acts after {took:?}"
        );
        assert!(took < 2 * SECOND, "{took:?}");
        assert_ne!(holder(&bench), before);
        updated(&mut bench, &job).await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_killed_is_followed_when_its_lease_has_run_out() {
    for moment in MOMENTS {
        let (mut bench, second, job) = two().await;
        bench.apply(&with_image("1.1.0")).await;
        bench.rest(moment).await;
        bench.session.cluster().server().api().log().clear();
        bench.session.operator().expect("it runs").cut_off();
        let took = takes_over(&bench, second.name()).await;
        println!("killed {moment:?} into an update: the next one acts after {took:?}");
        assert!((14 * SECOND..18 * SECOND).contains(&took), "{took:?}");
        updated(&mut bench, &job).await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_cut_off_ends_by_itself_before_the_next_one_acts() {
    let (mut bench, second, job) = two().await;
    bench.session.cluster().server().api().log().clear();
    bench.session.operator().expect("it runs").cut_off();
    let began = Instant::now();
    let ended = bench.session.operator_ended().await.unwrap_err();
    let why = std::error::Error::source(&ended).expect("why it ended").to_string();
    assert_eq!(why, "this process may not act any more: its Lease was not renewed in time");
    assert!(began.elapsed() <= 10 * SECOND, "{:?}", began.elapsed());
    assert_eq!(acts(&bench, second.name()), [""; 0], "before it may");
    takes_over(&bench, second.name()).await;
    bench.apply(&with_image("1.1.0")).await;
    updated(&mut bench, &job).await;
}

#[tokio::test(start_paused = true)]
async fn one_that_stands_by_asks_for_its_lease_and_watches_and_nothing_else() {
    let (mut bench, second, job) = two().await;
    bench.apply(&with_image("1.1.0")).await;
    updated(&mut bench, &job).await;
    let entries = entries(&bench);
    let its = entries.iter().filter(|entry| entry.request.user_agent == second.name());
    let (mut watches, mut looks) = (0, 0);
    for entry in its {
        let request = &entry.request;
        assert_eq!(request.method, Method::GET, "{request:?}");
        watches += usize::from(request.verb == Verb::Watch);
        looks += usize::from(request.resource == "leases");
    }
    assert!(watches >= 4 && looks > 10, "{watches} watches, {looks} looks");
    assert_eq!(acts(&bench, second.name()), [""; 0]);
    assert_eq!(sent(&bench), 2);
}

/// As the kubelet does it: one that ends is started again.
#[tokio::test(start_paused = true)]
async fn an_hour_without_an_api_server_ends_and_begins_anew_and_loses_nothing() {
    for fault in [Fault::RespondWith(503), Fault::DropReply] {
        let (mut bench, second, job) = two().await;
        bench.apply(&with_image("1.1.0")).await;
        bench.rest(Duration::from_millis(3_300)).await;
        let api = bench.session.cluster().server().api().clone();
        let away = fault.clone();
        api.set_faults(move |_: &RequestInfo| away.clone());
        let (until, mut ends) = (Instant::now() + 3600 * SECOND, 0);
        while Instant::now() < until {
            if tokio::time::timeout_at(until, bench.session.operator_ended()).await.is_ok() {
                ends += 1;
                bench.session.start_operator().unwrap();
            }
        }
        assert_eq!(ends, 1, "{fault:?}: without a Lease there is nothing to lose");
        api.set_faults(|_: &RequestInfo| Fault::Pass);
        assert!(!second.has_ended(), "it stood by");
        updated(&mut bench, &job).await;
    }
}
