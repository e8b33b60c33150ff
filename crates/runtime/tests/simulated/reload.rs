//! The configuration changes: under an operator that runs, and between two starts. What can take effect does, and
//! nothing is deployed by it.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flinkk8soperator_runtime::Settings;
use flinkk8soperator_runtime::config::keys::{Holds, KEYS};
use flinkk8soperator_runtime::config::{ConfigError, FlinkAccess, Loaded, Sources, load};
use flinkk8soperator_runtime::ports::Configuration;
use flinkk8soperator_runtime::replay;
use flinkk8soperator_sim::http::kubernetes::log::Entry;
use flinkk8soperator_simulate::scene::{Job, Scene};
use http::Method;
use tempfile::NamedTempFile;

use crate::bench::{Bench, NAME, alone, application, confirmed, stood, the_one_job, with_image};
use crate::logs::log_of;
use crate::other_values::with_other;

/// Longer than it takes until a change is seen twice.
const SEEN: Duration = Duration::from_secs(12);

/// A configuration file, and the levels that the log was given.
struct File {
    file: NamedTempFile,
    levels: Mutex<Vec<u8>>,
}

impl File {
    fn write(&self, text: &str) {
        std::fs::write(self.file.path(), text).unwrap();
    }
}

impl Configuration for File {
    fn read(&self) -> Result<Loaded, ConfigError> {
        load(&Sources { file: Some(self.file.path().to_owned()), ..Sources::default() })
    }

    fn log_at(&self, level: u8) {
        self.levels.lock().unwrap().push(level);
    }
}

/// What was loaded, where nothing comes by chance and the simulated cluster can be reached.
fn in_the_simulation(loaded: Loaded) -> Settings {
    let (jitter, port, flink_access) = (false, 0, FlinkAccess::ApiServer);
    let metrics_tls = None;
    Settings { jitter, port, metrics_tls, flink_access, leader_election: None, ..loaded.settings }
}

/// A bench whose operator was started with this file, and looks at it.
async fn with_file(text: &str) -> (Bench, Arc<File>) {
    let mut file = NamedTempFile::with_suffix(".yaml").unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let file = Arc::new(File { file, levels: Mutex::default() });
    let mut bench = Bench::start().await;
    bench.session.kill_operator().await.unwrap();
    *bench.session.settings() = in_the_simulation(file.read().unwrap());
    bench.session.look_at(file.clone());
    bench.session.start_operator().unwrap();
    (bench, file)
}

/// How many changes were taken, and how many were wrong.
fn reloads(bench: &Bench) -> (u32, u32) {
    let text = bench.session.metrics().encode();
    let count = |outcome: &str| {
        let series = format!("config_reloads_total{{outcome=\"{outcome}\"}} ");
        let line = text.lines().find_map(|line| line.split_once(&series));
        line.unwrap().1.parse().unwrap()
    };
    (count("ok"), count("failed"))
}

/// How often this is in the log.
fn times(log: &str, what: &[&str]) -> usize {
    log.lines().filter(|line| what.iter().all(|what| line.contains(what))).count()
}

#[tokio::test(start_paused = true)]
async fn a_change_is_in_force_for_what_is_under_way_and_told() {
    let log = log_of(true, async {
        let (mut bench, file) = with_file("operator: {confirmAfter: 9m}\n").await;
        bench.apply(&application()).await;
        bench.rest(Duration::from_secs(120)).await;
        assert!(!confirmed(&Scene::of(bench.session.cluster())));
        assert_eq!(reloads(&bench), (0, 0), "nothing has changed");
        file.write("operator: {namespaces: {default: {confirmAfter: 2m}}}\nlogger: {level: 5}\n");
        bench.rest(Duration::from_secs(30)).await;
        assert!(confirmed(&Scene::of(bench.session.cluster())), "{}", bench.told());
        assert_eq!(reloads(&bench), (1, 0));
        assert_eq!(*file.levels.lock().unwrap(), [5]);
        bench.sound();
    });
    let log = log.await;
    let told = "a setting changed, and is in force";
    let common = ["\"key\":\"operator.confirmAfter\"", "\"old\":\"9m\"", "\"new\":\"30s\"", told];
    assert_eq!(times(&log, &common), 1, "{}", lines(&log, "setting"));
    let own = ["\"key\":\"operator.namespaces.default.confirmAfter\"", "\"new\":\"2m\"", told];
    assert_eq!(times(&log, &own), 1, "{}", lines(&log, "setting"));
    assert_eq!(times(&log, &[told]), 3);
}

#[tokio::test(start_paused = true)]
async fn a_change_wakes_what_would_sleep_by_the_old_setting() {
    let (mut bench, file) =
        with_file("operator: {flinkPoll: {running: 8m}, statusRefresh: 0}\n").await;
    deployed(&mut bench).await;
    let asked = |bench: &Bench| {
        let entries = bench.session.cluster().server().api().log().entries();
        entries.iter().filter(|entry| entry.request.path.contains("/proxy/")).count()
    };
    bench.rest(Duration::from_secs(60)).await;
    bench.session.cluster().server().api().log().clear();
    bench.rest(Duration::from_secs(60)).await;
    assert_eq!(asked(&bench), 0, "it sleeps");
    file.write("operator: {flinkPoll: {running: 5s}, statusRefresh: 0}\n");
    bench.rest(Duration::from_secs(60)).await;
    assert!(asked(&bench) > 0, "it sleeps on");
}

#[tokio::test(start_paused = true)]
async fn rounds_recorded_over_a_change_are_decided_again_as_they_were() {
    let (mut bench, file) = with_file("operator: {minPhaseDuration: 3s}\n").await;
    let trace = NamedTempFile::new().unwrap();
    bench.session.stop_operator().await.unwrap();
    bench.session.settings().trace = Some(trace.path().to_owned());
    bench.session.start_operator().unwrap();
    let (_, first) = deployed(&mut bench).await;
    file.write("operator: {minPhaseDuration: 7s, namespaces: {default: {confirmAfter: 40s}}}\n");
    bench.rest(SEEN).await;
    bench.apply(&with_image("1.1.0")).await;
    let updated = |now: &Scene| confirmed(now) && alone(now) && !stood(now, &first).runs;
    bench.until("the update is confirmed", updated).await;
    bench.session.stop_operator().await.unwrap();
    let rounds = std::fs::read_to_string(trace.path()).unwrap();
    let summary = replay::text(rounds.as_bytes(), &mut Vec::new()).unwrap();
    assert_eq!((summary.rounds, summary.differ), (rounds.lines().count(), 0));
    // Each has what it was decided by.
    let least = |round: &str| {
        let round: serde_json::Value = serde_json::from_str(round).unwrap();
        round["context"]["config"]["min_phase"].clone()
    };
    let mut all: Vec<String> = rounds.lines().map(|round| least(round).to_string()).collect();
    all.dedup();
    assert_eq!(all.len(), 2, "{all:?}");
    bench.sound();
}

fn lines<'l>(log: &'l str, with: &str) -> String {
    let lines: Vec<&'l str> = log.lines().filter(|line| line.contains(with)).collect();
    lines.join("\n")
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_wrong_changes_nothing_and_is_told_once() {
    let log = log_of(true, async {
        let (mut bench, file) = with_file("operator: {confirmAfter: 50s}\n").await;
        file.write("operator: {confirmAfter: 1s, workers: many}\n");
        bench.rest(SEEN).await;
        bench.apply(&application()).await;
        let begun = bench.session.clock().elapsed();
        bench.until("it is confirmed", confirmed).await;
        let took = bench.session.clock().elapsed() - begun;
        assert!(took > Duration::from_secs(55), "half of the file was taken: {took:?}");
        assert_eq!(reloads(&bench), (0, 1));
        std::fs::remove_file(file.file.path()).unwrap();
        bench.rest(SEEN).await;
        assert_eq!(reloads(&bench), (0, 2), "a file that is gone");
        file.write("operator: {confirmAfter: 50s}\n");
        bench.rest(SEEN).await;
        assert_eq!(reloads(&bench), (0, 2), "as it is in force");
        file.write("operator: {confirmAfter: 51s}\n");
        bench.rest(SEEN).await;
        assert_eq!(reloads(&bench), (1, 2));
    });
    let log = log.await;
    let wrong = "the configuration is wrong, and what is in force stays: operator.workers (from ";
    assert_eq!(times(&log, &[wrong, "is no number"]), 1, "{}", lines(&log, "configuration"));
    assert_eq!(
        times(
            &log,
            &["what is in force stays: no file is there any more: no file matches --config "]
        ),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn what_needs_a_restart_waits_for_it_and_is_told_once() {
    let log = log_of(true, async {
        let (bench, file) = with_file("").await;
        file.write("operator: {workers: 9, confirmAfter: 40s}\n");
        bench.rest(10 * SEEN).await;
        assert_eq!(reloads(&bench), (1, 0));
        // Another change does not tell of it again.
        file.write("operator: {workers: 9, confirmAfter: 41s}\n");
        bench.rest(SEEN).await;
        file.write("");
        bench.rest(SEEN).await;
        assert_eq!(reloads(&bench), (3, 0));
    });
    let log = log.await;
    let waits = "takes effect at the next start; the old one is in force";
    let workers = ["\"key\":\"operator.workers\"", "\"old\":\"4\"", "\"new\":\"9\"", waits];
    assert_eq!(times(&log, &workers), 1, "{}", lines(&log, "setting"));
    assert_eq!(times(&log, &[waits]), 1);
    assert_eq!(times(&log, &["operator.workers", "is again what is in force"]), 1);
}

/// Nothing was deployed, stopped or sent since the log was cleared, and the same job runs in the same version.
fn nothing_was_done(bench: &mut Bench, hash: &str, job: &Job, key: &str) {
    let entries = bench.session.cluster().server().api().log().entries();
    let deed = |entry: &&Entry| {
        let (method, path) = (&entry.request.method, &entry.request.path);
        let makes = *method == Method::POST
            && ["/deployments", "/controllerrevisions", "/run", "/stop", "/savepoints"]
                .iter()
                .any(|what| path.ends_with(what));
        let changes = *method == Method::PUT || *method == Method::PATCH;
        makes || *method == Method::DELETE || (changes && path.contains("/deployments/"))
    };
    let deeds: Vec<String> = entries
        .iter()
        .filter(deed)
        .map(|entry| format!("{} {}", entry.request.method, entry.request.path))
        .collect();
    assert_eq!(deeds, [] as [String; 0], "after a change of {key}");
    assert!(!entries.is_empty(), "nobody looked after a change of {key}");
    let scene = Scene::of(bench.session.cluster());
    let application = scene.application(NAME).unwrap();
    assert_eq!(
        (application.deploy_hash.as_str(), application.phase.as_str()),
        (hash, "Running"),
        "{key}"
    );
    assert_eq!((the_one_job(&scene).id.as_str(), scene.jobs.len()), (job.id.as_str(), 1), "{key}");
}

/// A deployed application, its hash and its job.
async fn deployed(bench: &mut Bench) -> (String, Job) {
    bench.apply(&application()).await;
    let scene = bench.until("it is deployed", confirmed).await;
    let hash = scene.application(NAME).unwrap().deploy_hash.clone();
    (hash, the_one_job(&scene).clone())
}

#[tokio::test(start_paused = true)]
async fn no_key_deploys_anything_when_the_operator_starts_with_another_value() {
    let (mut bench, _) = with_file("").await;
    let (hash, job) = deployed(&mut bench).await;
    for key in KEYS {
        bench.session.stop_operator().await.unwrap();
        let flags = with_other(key.name);
        let flags = flags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let flags = flags.collect();
        let loaded = load(&Sources { flags, ..Sources::default() }).unwrap();
        let given = loaded.settings.clone();
        let settings = bench.session.settings();
        *settings = in_the_simulation(loaded);
        // What the simulation has otherwise is tried as well where it is what changes.
        if key.name.starts_with("operator.leaderElection.") {
            settings.leader_election = given.leader_election;
        }
        if ["operator.useKubectlProxy", "operator.proxyPort", "operator.flinkAccess"]
            .contains(&key.name)
        {
            settings.flink_access = given.flink_access;
        }
        bench.session.cluster().server().api().log().clear();
        bench.session.start_operator().unwrap();
        bench.rest(Duration::from_secs(45)).await;
        nothing_was_done(&mut bench, &hash, &job, key.name);
    }
}

#[tokio::test(start_paused = true)]
async fn no_key_deploys_anything_when_it_changes_under_the_operator() {
    let (mut bench, file) = with_file("").await;
    let (hash, job) = deployed(&mut bench).await;
    let mut live = 0;
    for key in KEYS {
        bench.session.cluster().server().api().log().clear();
        let pairs = with_other(key.name);
        file.write(
            &pairs.iter().map(|(key, value)| format!("{key}: {value:?}\n")).collect::<String>(),
        );
        bench.rest(Duration::from_secs(45)).await;
        nothing_was_done(&mut bench, &hash, &job, key.name);
        live += u32::from(key.holds() != Holds::FromStart);
    }
    // Both files of TLS are one change.
    let changes = u32::try_from(KEYS.len()).unwrap() - 1;
    assert_eq!((reloads(&bench), live > 20), ((changes, 0), true));
}
