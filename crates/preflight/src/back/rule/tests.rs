//! The rule, row by row.

use super::*;

/// The two Deployments of a cluster by its hash label, under names with another hash.
fn cluster(hash: &str, named: &str) -> Vec<Object> {
    [("jm", "jobmanager"), ("tm", "taskmanager")]
        .map(|(short, role)| Object {
            name: format!("app-{named}-{short}"),
            hash: hash.to_owned(),
            role: role.to_owned(),
        })
        .to_vec()
}

fn service(hash: &str) -> Object {
    Object { name: format!("app-{hash}"), hash: hash.to_owned(), role: String::new() }
}

/// An application at rest whose spec is what is deployed.
fn resting() -> Standing {
    Standing {
        name: "app".to_owned(),
        phase: "Running".to_owned(),
        computed: "aaaaaaaa".to_owned(),
        deployed: "aaaaaaaa".to_owned(),
        by_service: true,
        deployments: cluster("aaaaaaaa", "aaaaaaaa"),
        services: vec![service("aaaaaaaa")],
        ..Standing::default()
    }
}

/// What becomes of it once this was done to it.
fn after(change: impl FnOnce(&mut Standing)) -> Outcome {
    let mut standing = resting();
    change(&mut standing);
    outcome(&standing)
}

fn unchanged(removes: &[&str]) -> Outcome {
    Outcome::Unchanged { removes: removes.iter().map(|hash| (*hash).to_owned()).collect() }
}

fn redeployed(in_place: bool) -> Outcome {
    Outcome::Redeployed { from: "aaaaaaaa".to_owned(), to: "bbbbbbbb".to_owned(), in_place }
}

fn edited(app: &mut Standing) {
    app.computed = "bbbbbbbb".to_owned();
}

#[test]
fn what_is_deployed_stays_and_an_edit_is_deployed() {
    assert_eq!(after(|_| {}), unchanged(&[]));
    assert_eq!(after(edited), redeployed(false));
    let failed = |app: &mut Standing| {
        edited(app);
        app.phase = "DeployFailed".to_owned();
    };
    assert_eq!(after(failed), redeployed(false));
}

#[test]
fn a_spec_that_failed_or_was_there_at_a_teardown_is_current() {
    let known = |set: fn(&mut Standing) -> &mut String| {
        after(|app| {
            edited(app);
            *set(app) = "bbbbbbbb".to_owned();
        })
    };
    assert_eq!(known(|app| &mut app.failed), unchanged(&[]));
    assert_eq!(known(|app| &mut app.torn_down), unchanged(&[]));
    assert_eq!(
        known(|app| &mut app.scaled_from),
        Outcome::Refused { why: "it does not scale back what it scaled in place" }
    );
}

#[test]
fn a_cluster_without_both_deployments_is_made_anew() {
    let anew =
        Outcome::Redeployed { from: "aaaaaaaa".into(), to: "aaaaaaaa".into(), in_place: false };
    assert_eq!(after(|app| app.deployments.truncate(1)), anew);
    assert_eq!(after(|app| app.deployments.extend(cluster("aaaaaaaa", "x"))), anew);
    assert_eq!(after(|app| app.deployments[1].role = "jobmanager".to_owned()), anew);
}

#[test]
fn another_mode_is_refused_only_together_with_an_edit() {
    let mode = |app: &mut Standing| app.mode_before = "Dual".to_owned();
    assert_eq!(after(mode), unchanged(&[]));
    let both = after(|app| {
        mode(app);
        edited(app);
    });
    assert_eq!(both, Outcome::Refused { why: "it does not change deploymentMode" });
}

#[test]
fn a_greater_parallelism_is_reached_in_place_but_not_in_blue_and_green() {
    let scaled = |app: &mut Standing| {
        edited(app);
        app.scales_up = true;
    };
    assert_eq!(after(scaled), redeployed(true));
    let coloured = after(|app| {
        scaled(app);
        app.mode = "BlueGreen".to_owned();
        app.mode_before = app.mode.clone();
    });
    assert_eq!(coloured, redeployed(false));
}

#[test]
fn what_is_left_of_other_versions_is_removed() {
    let left = |app: &mut Standing| app.deployments.extend(cluster("cccccccc", "cccccccc"));
    assert_eq!(after(left), unchanged(&["cccccccc"]));
    let coloured = |failed: &'static str| {
        after(|app| {
            left(app);
            app.mode = "BlueGreen".to_owned();
            app.mode_before = app.mode.clone();
            app.failed = failed.to_owned();
        })
    };
    assert_eq!(coloured(""), unchanged(&[]));
    assert_eq!(coloured("cccccccc"), unchanged(&["cccccccc"]));
    assert_eq!(
        coloured("aaaaaaaa"),
        Outcome::Damaged { needs: "Deployment app-aaaaaaaa-jm".to_owned() }
    );
}

#[test]
fn a_cluster_that_was_scaled_in_place_loses_its_first_service_unless_the_status_names_it() {
    let scaled = |app: &mut Standing| {
        app.deployments = cluster("aaaaaaaa", "dddddddd");
        app.services.push(service("dddddddd"));
    };
    assert_eq!(after(scaled), Outcome::Damaged { needs: "Service app-dddddddd".to_owned() });
    let named = after(|app| {
        scaled(app);
        app.scaled_from = "dddddddd".to_owned();
    });
    assert_eq!(named, unchanged(&[]));
    let available = after(|app| {
        scaled(app);
        app.by_service = false;
    });
    assert_eq!(available, unchanged(&["dddddddd"]));
}

#[test]
fn what_is_under_way_goes_on() {
    let phases = [
        "",
        "Updating",
        "Rescaling",
        "ClusterStarting",
        "Savepointing",
        "Cancelling",
        "SubmittingJob",
        "Recovering",
        "RollingBackJob",
    ];
    for phase in phases {
        let found = after(|app| app.phase = phase.to_owned());
        assert_eq!(found, Outcome::Deploying, "{phase:?}");
    }
    assert_eq!(after(|app| app.phase = "Deleting".to_owned()), Outcome::Deleting);
    assert_eq!(after(|app| app.deleted = true), Outcome::Deleting);
    assert_eq!(after(|app| app.phase = "Dancing".to_owned()), Outcome::Ignored);
}

#[test]
fn of_two_versions_one_goes_only_when_it_is_named() {
    let both = |app: &mut Standing| {
        edited(app);
        app.phase = "DualRunning".to_owned();
    };
    assert_eq!(after(both), unchanged(&[]));
    let named = after(|app| {
        both(app);
        app.tears_down = true;
    });
    assert_eq!(named, Outcome::TornDown);
}
