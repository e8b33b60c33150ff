//! From an application as stored to the machine's input: what is taken over, what is in the way, and
//! what state it is in.

use std::time::Duration;

use flinkk8soperator_api::machine;
use flinkk8soperator_api::parse::{Hashes, OperatorSettings, desired, state};
use flinkk8soperator_api::v1beta1::FlinkApplication;
use flinkk8soperator_core::{
    Colour, Coloured, DeleteMode, DeployHash, Desired, Digest, ForeignJobAction, Goal, JobId, Left,
    LeftStep, LeftVersion, Mode, ObstacleKind, Phase, Recovery, Restore, SavepointStop, ScaleMode,
    State, Timestamp, TriggerId, Uid, ids,
};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp(1_762_000_000_000);

/// An application that can be deployed, with `spec` merged into its spec.
fn application(spec: &Value) -> FlinkApplication {
    let mut app = json!({
        "apiVersion": "flink.k8s.io/v1beta1",
        "kind": "FlinkApplication",
        "metadata": { "name": "wordcount", "namespace": "flink", "generation": 4,
            "uid": "01234567-89ab-cdef-0123-456789abcdef" },
        "spec": { "image": "counter:1", "jarName": "counter.jar", "entryClass": "Counter",
            "parallelism": 2, "flinkVersion": "1.20" },
    });
    merge(&mut app["spec"], spec);
    serde_json::from_value(app).expect("an application that may be stored is readable")
}

fn merge(into: &mut Value, other: &Value) {
    match (into, other) {
        (Value::Object(into), Value::Object(other)) => {
            for (key, value) in other {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, other) => *into = other.clone(),
    }
}

fn settings() -> OperatorSettings {
    OperatorSettings { confirm_after: Duration::from_secs(20), ..OperatorSettings::default() }
}

fn hashes() -> Hashes {
    let coloured = Coloured { blue: DeployHash(0xb), green: DeployHash(0xc) };
    Hashes { coloured, ..Hashes::colourless(DeployHash(0xabc)) }
}

fn parsed(app: &FlinkApplication) -> Desired {
    desired(app, hashes(), Digest(7), &settings())
}

/// The obstacles of a spec, as `kind field: message`.
fn obstacles(app: &FlinkApplication) -> Vec<String> {
    let line = |kind, field: &str, message: &str| match kind {
        ObstacleKind::Invalid => format!("invalid {field}: {message}"),
        ObstacleKind::NotYetSupported => format!("unsupported {field}: {message}"),
    };
    parsed(app).obstacles.iter().map(|o| line(o.kind, &o.field, &o.message)).collect()
}

fn check(spec: &Value, expected: &[&str]) {
    assert_eq!(obstacles(&application(spec)), expected, "{spec}");
}

#[test]
fn a_plain_spec_is_taken_over_with_the_operators_defaults() {
    let uid = Uid(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    let expected = Desired {
        coloured: hashes().coloured,
        parallelism: 2,
        taskmanagers: 1,
        timeouts: settings().timeouts,
        confirm_after: Duration::from_secs(20),
        ..Desired::new(uid, 4, DeployHash(0xabc), Digest(7))
    };
    assert_eq!(parsed(&application(&json!({}))), expected);
}

#[test]
fn what_the_spec_says_takes_the_place_of_the_operators_defaults() {
    let spec = json!({
        "savepointStop": "Cancel", "forceRollback": true, "savepointPath": "s3://a/sp",
        "deploymentMode": "Single", "savepointDisabled": true, "fallbackWithoutState": true,
        "restore": { "path": "s3://a/1", "nonce": "n" }, "recovery": "LastSeen",
        "maxCheckpointRestoreAgeSeconds": 60,
        "confirmAfterSeconds": 5, "timeouts": { "clusterStart": "1h30m", "delete": "90s", "submit": "" },
    });
    let desired = parsed(&application(&spec));
    assert_eq!(desired.mode, Mode::Single);
    assert!(desired.savepoint_disabled && desired.fallback_without_state);
    let restore = Restore { path: "s3://a/1".to_owned(), nonce: "n".to_owned() };
    assert_eq!(desired.restore, Some(restore));
    assert_eq!(desired.recovery, Recovery::LastSeen);
    assert_eq!(desired.max_checkpoint_age, Duration::from_secs(60));
    assert_eq!(desired.savepoint_stop, SavepointStop::Cancel);
    assert!(desired.force_rollback);
    assert_eq!(desired.initial_savepoint.as_deref(), Some("s3://a/sp"));
    assert_eq!(desired.confirm_after, Duration::from_secs(5));
    assert_eq!(desired.timeouts.cluster_start, Duration::from_secs(5400));
    assert_eq!(desired.timeouts.delete, Duration::from_secs(90));
    assert_eq!(desired.timeouts.submit, settings().timeouts.submit);
    assert_eq!(desired.obstacles, []);
}

#[test]
fn each_limit_of_the_spec_is_the_limit_of_its_own_wait() {
    let spec = json!({ "confirmAfterSeconds": 0, "timeouts": { "clusterStart": "1s", "savepoint": "2s",
        "submit": "3s", "jobStart": "4s", "confirm": "5s", "recovery": "6s", "delete": "7s" } });
    let limits = parsed(&application(&spec)).timeouts;
    let seconds = [
        limits.cluster_start,
        limits.savepoint,
        limits.submit,
        limits.job_start,
        limits.confirm,
        limits.recovery,
        limits.delete,
    ];
    assert_eq!(seconds.map(|limit| limit.as_secs()), [1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn the_first_savepoint_may_stand_at_its_older_place() {
    let check = |spec: Value, path: Option<&str>| {
        assert_eq!(parsed(&application(&spec)).initial_savepoint.as_deref(), path, "{spec}");
    };
    let older = json!({ "savepointLocation": "s3://old" });
    check(json!({ "savepointInfo": older }), Some("s3://old"));
    check(json!({ "savepointInfo": older, "savepointPath": "" }), Some("s3://old"));
    check(json!({ "savepointInfo": older, "savepointPath": "s3://new" }), Some("s3://new"));
    check(json!({ "savepointInfo": {}, "savepointPath": "" }), None);
}

#[test]
fn a_deletion_timestamp_makes_deletion_the_goal() {
    let check = |mode: Value, expected| {
        let mut app = application(&json!({ "deleteMode": mode }));
        assert_eq!(parsed(&app).goal, Goal::Run);
        app.metadata.deletion_timestamp = Some(jiff::Timestamp::UNIX_EPOCH.into());
        assert_eq!(parsed(&app).goal, Goal::Delete(expected), "{mode}");
    };
    check(Value::Null, DeleteMode::Savepoint);
    check(json!(""), DeleteMode::Savepoint);
    check(json!("Savepoint"), DeleteMode::Savepoint);
    check(json!("ForceCancel"), DeleteMode::ForceCancel);
    check(json!("None"), DeleteMode::None);
    check(json!("Shred"), DeleteMode::Savepoint);
}

#[test]
fn our_finalizer_is_found_among_others() {
    let mut app = application(&json!({}));
    app.metadata.finalizers = Some(vec!["other.io/x".into()]);
    assert!(!parsed(&app).finalizer);
    app.metadata.finalizers = Some(vec!["other.io/x".into(), "job.finalizers.flink.k8s.io".into()]);
    assert!(parsed(&app).finalizer);
}

#[test]
fn a_uid_that_is_none_still_tells_applications_apart() {
    let mut app = application(&json!({}));
    app.metadata.uid = Some("by-hand".into());
    assert_eq!(parsed(&app).uid, Uid(ids::derive("by-hand")));
}

#[test]
fn what_this_version_cannot_do_is_refused_by_the_name_of_its_field() {
    let unsupported = "not yet supported by this version of the operator";
    let check = |spec: Value, field: &str, rest: String| {
        assert_eq!(
            obstacles(&application(&spec)),
            [format!("unsupported {field}: {rest}")],
            "{spec}"
        );
    };
    let (spec, field) = (json!({ "acceptPendingEdit": "00c0ffee" }), "spec.acceptPendingEdit");
    check(spec, field, format!("is {unsupported}: leave it out"));
}

#[test]
fn the_defaults_of_what_is_not_supported_yet_are_fine_when_spelled_out() {
    check(
        &json!({
            "deploymentMode": "Dual", "scaleMode": "NewCluster", "savepointDisabled": false,
            "fallbackWithoutState": false, "recovery": "Proven", "acceptPendingEdit": "",
            "tearDownVersionHash": "", "deleteMode": "ForceCancel", "restartNonce": "2",
            "allowNonRestoredState": true, "maxCheckpointRestoreAgeSeconds": 60,
            "imagePullPolicy": "Always",
        }),
        &[],
    );
    check(
        &json!({ "deploymentMode": "", "scaleMode": "", "savepointStop": "", "recovery": "" }),
        &[],
    );
}

#[test]
fn blue_green_takes_the_hash_of_the_version_that_goes() {
    let spec = json!({ "deploymentMode": "BlueGreen", "tearDownVersionHash": "00c0ffee" });
    let desired = parsed(&application(&spec));
    assert_eq!((desired.mode, &desired.obstacles), (Mode::BlueGreen, &Vec::new()));
    assert_eq!(desired.tear_down, Some(DeployHash(0x00c0_ffee)));
    let names = [None, Some(Colour::Blue), Some(Colour::Green)].map(|c| desired.hash_in(c).0);
    assert_eq!(names, [0xabc, 0xb, 0xc]);
    check(
        &json!({ "deploymentMode": "BlueGreen", "tearDownVersionHash": "green" }),
        &[
            "invalid spec.tearDownVersionHash: is \"green\"; it must be 8 hex digits, the versionHash \
           of one of status.versionStatuses",
        ],
    );
}

#[test]
fn unknown_words_are_refused_with_the_known_ones() {
    let check = |field: &str, words: &str| {
        let message = format!("invalid spec.{field}: is \"Odd\"; it must be one of {words}");
        assert_eq!(obstacles(&application(&json!({ field: "Odd" }))), [message]);
    };
    check("deploymentMode", "Dual, Single, BlueGreen");
    check("scaleMode", "NewCluster, InPlace");
    check("deleteMode", "Savepoint, None, ForceCancel");
    check("savepointStop", "Stop, Cancel");
    check("recovery", "Proven, LastSeen");
    check("imagePullPolicy", "Always, Never, IfNotPresent");
}

#[test]
fn a_foreign_job_is_adopted_or_cancelled_by_its_id() {
    let check = |id: &str, action: &str, expected, told: &[&str]| {
        let app = application(&json!({ "foreignJob": { "id": id, "action": action } }));
        let wish = parsed(&app).foreign_job.map(|wish| (wish.id, wish.action));
        assert_eq!(wish, expected, "{id} {action}");
        assert_eq!(obstacles(&app), told);
    };
    let id = "00000000000000000000000000000bad";
    check(id, "Adopt", Some((JobId(0xbad), ForeignJobAction::Adopt)), &[]);
    check(id, "Cancel", Some((JobId(0xbad), ForeignJobAction::Cancel)), &[]);
    let unknown = "invalid spec.foreignJob.action: is \"Keep\"; it must be one of Adopt, Cancel";
    check(id, "Keep", None, &[unknown]);
    let wrong = "invalid spec.foreignJob.id: is \"my-job\"; it must be 32 hex digits, the id of the \
                 job that the status names";
    check("my-job", "Cancel", None, &[wrong]);
}

#[test]
fn a_job_that_no_flink_could_run_is_refused() {
    let image =
        "invalid spec.image: must be the name of a container image, not empty and without blanks";
    check(&json!({ "image": "" }), &[image]);
    check(&json!({ "image": "counter :1" }), &[image]);
    let jar = "invalid spec.jarName: must be the file name of the job's jar, without its directory";
    check(&json!({ "jarName": "" }), &[jar]);
    check(&json!({ "jarName": "target/counter.jar" }), &[jar]);
    check(
        &json!({ "parallelism": 0 }),
        &["invalid spec.parallelism: is 0; it must be from 1 to 32768"],
    );
    check(
        &json!({ "parallelism": 32769 }),
        &["invalid spec.parallelism: is 32769; it must be from 1 to 32768"],
    );
    check(&json!({ "parallelism": 32768, "entryClass": "" }), &[]);
    check(
        &json!({ "taskManagerConfig": { "taskSlots": 0 }, "jobManagerConfig": { "replicas": 0 } }),
        &[
            "invalid spec.taskManagerConfig.taskSlots: is 0; it must be at least 1",
            "invalid spec.jobManagerConfig.replicas: is 0; it must be at least 1",
        ],
    );
}

#[test]
fn there_are_as_many_task_managers_as_the_parallelism_takes() {
    let check = |parallelism, slots: Value, expected| {
        let spec =
            json!({ "parallelism": parallelism, "taskManagerConfig": { "taskSlots": slots } });
        assert_eq!(parsed(&application(&spec)).taskmanagers, expected, "{spec}");
    };
    check(16, json!(null), 1);
    check(17, json!(null), 2);
    check(5, json!(2), 3);
    check(0, json!(2), 0);
    check(3, json!(0), 3);
}

#[test]
fn scaling_in_place_is_a_wish_that_the_spec_has_to_express() {
    let check = |word: &str, expected| {
        let app = application(&json!({ "scaleMode": word }));
        assert_eq!(parsed(&app).scale_mode, expected, "{word}");
    };
    check("InPlace", ScaleMode::InPlace);
    check("NewCluster", ScaleMode::NewCluster);
    check("", ScaleMode::NewCluster);
    assert_eq!(parsed(&application(&json!({}))).scale_mode, ScaleMode::NewCluster);
}

#[test]
fn a_negative_parallelism_never_becomes_a_large_one() {
    assert_eq!(parsed(&application(&json!({ "parallelism": -1 }))).parallelism, 0);
}

#[test]
fn a_name_that_no_service_can_have_is_refused() {
    let check = |name: String, expected: &[&str]| {
        let mut app = application(&json!({}));
        app.metadata.name = Some(name);
        assert_eq!(obstacles(&app), expected);
    };
    let characters = "invalid metadata.name: must begin with a letter and hold only lower-case letters, digits and '-': Services have it";
    check("a-1".into(), &[]);
    check("1a".into(), &[characters]);
    check("a.b".into(), &[characters]);
    check("a".repeat(54), &[]);
    check(
        "a".repeat(55),
        &[
            "invalid metadata.name: has 55 characters; the Service <name>-<hash> needs a name of at most 54",
        ],
    );
}

#[test]
fn configuration_that_cannot_be_rendered_is_refused() {
    check(&json!({ "flinkConfig": { "a": "x", "b": 1, "c": 1.5, "d": true } }), &[]);
    check(
        &json!({ "flinkConfig": { "a": null, "b": [1], "c": {} } }),
        &[
            "invalid spec.flinkConfig[a]: is null; it must be a text, a number or a boolean",
            "invalid spec.flinkConfig[b]: is a list; it must be a text, a number or a boolean",
            "invalid spec.flinkConfig[c]: is an object; it must be a text, a number or a boolean",
        ],
    );
}

#[test]
fn configuration_that_would_become_other_lines_is_refused() {
    let value = "has a line break: Flink would read what is behind it as another key, or not at all; write \
                 it in one line (in YAML: a block that begins with >-)";
    let key = "must not have a line break or \": \" in its name: Flink would read another key";
    for (name, text, refused) in [
        ("a", "x: y # z", None),
        ("a", "-Xmx1g -Dk=v\n", None),
        ("a", "x\r\n\n", None),
        ("a", "x\njobmanager.rpc.port: 1", Some(format!("[a]: {value}"))),
        ("a", "\nx", Some(format!("[a]: {value}"))),
        ("a", "x\ry", Some(format!("[a]: {value}"))),
        ("env:x", "y", None),
        ("a: b", "x", Some(format!("[a: b]: {key}"))),
        ("a\nb", "x", Some(format!("[a\\nb]: {key}"))),
    ] {
        let refused = refused.map(|message| format!("invalid spec.flinkConfig{message}"));
        let expected: Vec<&str> = refused.iter().map(String::as_str).collect();
        check(&json!({ "flinkConfig": { name: text } }), &expected);
    }
}

#[test]
fn keys_that_the_operator_overwrites_are_passed_over_as_by_the_reference_operator() {
    check(
        &json!({ "flinkConfig": { "jobmanager.rpc.port": "1", "taskmanager.numberOfTaskSlots": "9" } }),
        &[],
    );
}

#[test]
fn memory_fractions_have_to_fit_the_flink_version() {
    let older = "invalid spec.jobManagerConfig.offHeapMemoryFraction: is for Flink older than 1.11: use systemMemoryFraction, or correct flinkVersion";
    let newer = "invalid spec.taskManagerConfig.systemMemoryFraction: is for Flink 1.11 and newer: set flinkVersion (e.g. 1.20), or use offHeapMemoryFraction";
    let off_heap = json!({ "offHeapMemoryFraction": 0.4 });
    let system = json!({ "systemMemoryFraction": 0.4 });
    for (version, off_heap_errors, system_errors) in [
        ("1.20", &[older][..], &[][..]),
        ("2.3", &[older], &[]),
        ("1.10", &[], &[newer]),
        ("", &[], &[newer]),
        ("latest", &[], &[newer]),
        ("1.11-SNAPSHOT", &[], &[newer]),
    ] {
        check(&json!({ "flinkVersion": version, "jobManagerConfig": off_heap }), off_heap_errors);
        check(&json!({ "flinkVersion": version, "taskManagerConfig": system }), system_errors);
    }
    let all = "invalid spec.taskManagerConfig.systemMemoryFraction: is 1, which leaves no memory to Flink: it must be below 1";
    check(&json!({ "taskManagerConfig": { "systemMemoryFraction": 1 } }), &[all]);
    check(&json!({ "taskManagerConfig": { "systemMemoryFraction": 1.5 } }), &[]);
}

#[test]
fn several_job_managers_need_high_availability() {
    let two =
        |config: Value| json!({ "jobManagerConfig": { "replicas": 2 }, "flinkConfig": config });
    let error = "invalid spec.jobManagerConfig.replicas: is 2; more than one JobManager needs high availability: \
                 set high-availability.type (before Flink 1.17: high-availability) in flinkConfig";
    check(&two(json!({})), &[error]);
    check(&two(json!({ "high-availability": " NONE " })), &[error]);
    check(&two(json!({ "high-availability": "zookeeper" })), &[]);
    check(&two(json!({ "high-availability.type": "kubernetes" })), &[]);
}

#[test]
fn resources_that_no_pod_can_have_are_refused() {
    let jm = |resources: Value| json!({ "jobManagerConfig": { "resources": resources } });
    check(
        &jm(
            json!({ "requests": { "memory": "1.5Gi", "cpu": "0.2" }, "limits": { "memory": "1536Mi" } }),
        ),
        &[],
    );
    check(
        &jm(json!({ "requests": { "memory": "1.5GB", "cpu": "-1" } })),
        &[
            "invalid spec.jobManagerConfig.resources.requests.cpu: \"-1\" must not be negative",
            "invalid spec.jobManagerConfig.resources.requests.memory: \"1.5GB\" is no quantity: write e.g. 500m, 2, 1536Mi or 2Gi",
        ],
    );
    check(
        &json!({ "taskManagerConfig": { "resources": { "limits": { "cpu": "many" } } } }),
        &[
            "invalid spec.taskManagerConfig.resources.limits.cpu: \"many\" is no quantity: write e.g. 500m, 2, 1536Mi or 2Gi",
        ],
    );
    check(
        &jm(json!({ "requests": { "memory": "2Gi" }, "limits": { "memory": "2000Mi" } })),
        &[
            "invalid spec.jobManagerConfig.resources.requests.memory: 2Gi must not be above limits.memory, 2000Mi",
        ],
    );
}

#[test]
fn memory_that_leaves_flink_nothing_is_refused() {
    let refused = |role: &str, part: &str, memory: &str| {
        format!(
            "invalid spec.{role}.resources.{part}.memory: {memory} leaves Flink less than 1Ki: write e.g. \
             1536Mi or 2Gi"
        )
    };
    for (version, part, memory, wrong) in [
        ("1.20", "requests", "0", true),
        ("1.20", "requests", "500m", true),
        ("1.20", "requests", "1Ki", true),
        ("1.20", "requests", "2Ki", false),
        ("1.20", "limits", "2", true),
        ("1.10", "requests", "2047", true),
        ("1.10", "requests", "2Ki", false),
    ] {
        for role in ["jobManagerConfig", "taskManagerConfig"] {
            let spec = json!({
                "flinkVersion": version, role: { "resources": { part: { "memory": memory } } },
            });
            let expected = refused(role, part, memory);
            let expected = [expected.as_str()];
            check(&spec, if wrong { &expected } else { &[] });
        }
    }
    // The request counts, and the fraction that is Flink's.
    let spec = |fraction: f64| {
        json!({ "flinkVersion": "1.20", "taskManagerConfig": {
            "systemMemoryFraction": fraction,
            "resources": { "requests": { "memory": "2Ki" }, "limits": { "memory": "2Gi" } },
        } })
    };
    check(&spec(0.5), &[]);
    check(&spec(0.6), &[&refused("taskManagerConfig", "requests", "2Ki")]);
}

#[test]
fn labels_of_nodes_are_text() {
    check(
        &json!({ "taskManagerConfig": { "nodeSelector": { "a": "x", "zone": 1 } } }),
        &[
            "invalid spec.taskManagerConfig.nodeSelector[zone]: is 1; a node's label is a text: put it in quotes",
        ],
    );
}

#[test]
fn ports_are_ports_and_differ() {
    check(&json!({ "uiPort": 8082, "rpcPort": 1 }), &[]);
    check(
        &json!({ "uiPort": 0, "blobPort": 65536 }),
        &[
            "invalid spec.blobPort: is 65536; it must be from 1 to 65535",
            "invalid spec.uiPort: is 0; it must be from 1 to 65535",
        ],
    );
    check(
        &json!({ "uiPort": 6123 }),
        &[
            "invalid spec.uiPort: is 6123, as is spec.rpcPort; they must differ: one Service has both",
        ],
    );
    check(
        &json!({ "metricsQueryPort": 6125, "uiPort": 6124 }),
        &[
            "invalid spec.uiPort: is 6124, as is spec.queryPort; they must differ: one Service has both",
            "invalid spec.metricsQueryPort: is 6125, as is spec.blobPort; they must differ: one Service has both",
        ],
    );
}

#[test]
fn volumes_and_mounts_have_to_fit_together() {
    let mount = |name: &str, path: &str| json!({ "name": name, "mountPath": path });
    check(
        &json!({ "volumes": [{ "name": "a", "emptyDir": {} }], "volumeMounts": [mount("a", "/x")] }),
        &[],
    );
    check(
        &json!({ "volumes": [{ "name": "a" }, { "name": "a" }],
        "volumeMounts": [mount("a", "/x"), mount("b", "/x")] }),
        &[
            "invalid spec.volumes[1].name: \"a\" is the name of another volume, too",
            "invalid spec.volumeMounts[1].name: there is no volume \"b\": add it to spec.volumes",
            "invalid spec.volumeMounts[1].mountPath: \"/x\" is taken by another mount",
        ],
    );
}

#[test]
fn secrets_have_names_and_a_flink_that_speaks_tls_only_has_one() {
    let check = |spec: &Value, expected: &[&str]| {
        let found = obstacles(&application(spec));
        assert_eq!(found, expected, "{spec}");
    };
    let long = "a".repeat(254);
    let secret = "it must be the name of a Secret in the application's namespace";
    check(
        &json!({ "flinkRest": { "tls": { "secretName": "team-b/tls", "serverName": "a..b" },
            "basicAuth": {} } }),
        &[
            &format!("invalid spec.flinkRest.tls.secretName: is \"team-b/tls\"; {secret}"),
            "invalid spec.flinkRest.tls.serverName: is \"a..b\"; it must be a DNS name, as the certificate has it",
            &format!("invalid spec.flinkRest.basicAuth.secretName: is \"\"; {secret}"),
        ],
    );
    for wrong in ["A", "-a", "a-", "a.", "a_b", &long] {
        let found = obstacles(&application(
            &json!({ "flinkRest": { "basicAuth": { "secretName": wrong } } }),
        ));
        assert_eq!(found.len(), 1, "{wrong}");
    }
    let enabled = |on: Value| json!({ "flinkConfig": { "security.ssl.rest.enabled": on } });
    let told = |keys: &str| {
        format!(
            "invalid spec.flinkRest.tls: is missing, and spec.flinkConfig[security.ssl.rest.enabled] is true: the \
             operator could not ask Flink anything; name a Secret with {keys} in tls.secretName"
        )
    };
    for on in [json!(true), json!("true"), json!(" TRUE ")] {
        check(&enabled(on), &[&told("ca.crt")]);
    }
    for off in [json!(false), json!("false"), json!("")] {
        check(&enabled(off), &[]);
    }
    let both_ways = json!({ "flinkConfig": { "security.ssl.rest.enabled": true,
        "security.ssl.rest.authentication-enabled": "true" } });
    check(&both_ways, &[&told("ca.crt, tls.crt and tls.key")]);
    let mut secured = both_ways;
    secured["flinkRest"] = json!({ "tls": { "secretName": "app.rest-tls" } });
    check(&secured, &[]);
    // Something in the pod speaks TLS in Flink's place.
    check(&json!({ "flinkRest": { "tls": { "secretName": "a", "serverName": "a.b" } } }), &[]);
}

#[test]
fn limits_that_cannot_be_read_are_refused_and_the_operators_hold() {
    let app = application(
        &json!({ "timeouts": { "clusterStart": "10", "savepoint": "-5s", "delete": "0s",
        "recovery": "soon" }, "confirmAfterSeconds": -1 }),
    );
    assert_eq!(
        obstacles(&app),
        [
            "invalid spec.timeouts.clusterStart: \"10\" has no unit: write it with ns, us, ms, s, m or h, such as 30s, 10m or 1h30m",
            "invalid spec.timeouts.savepoint: \"-5s\" is negative: a duration here is zero or longer",
            "invalid spec.timeouts.recovery: \"soon\" is no duration: write numbers with units, such as 30s, 10m or 1h30m",
            "invalid spec.timeouts.delete: \"0s\" must be longer than zero",
            "invalid spec.confirmAfterSeconds: is -1; it must be 0 or more",
        ]
    );
    assert_eq!(parsed(&app).timeouts, settings().timeouts);
    assert_eq!(parsed(&app).confirm_after, settings().confirm_after);
}

#[test]
fn a_version_has_to_have_the_time_to_be_confirmed() {
    let message = |limit: &str, needed: &str| {
        format!(
            "the limit timeouts.confirm ({limit}) is shorter than the time that a job has to run to be confirmed ({needed}): make it longer"
        )
    };
    check(
        &json!({ "timeouts": { "confirm": "10s" } }),
        &[&format!("invalid spec.timeouts.confirm: {}", message("10s", "20s"))],
    );
    check(
        &json!({ "confirmAfterSeconds": 601 }),
        &[&format!("invalid spec.confirmAfterSeconds: {}", message("10m0s", "10m1s"))],
    );
    check(&json!({ "timeouts": { "confirm": "20s" } }), &[]);
    let odd = OperatorSettings { confirm_after: Duration::from_secs(9999), ..settings() };
    let app = application(&json!({}));
    assert_eq!(desired(&app, hashes(), Digest(0), &odd).obstacles, []);
}

fn with_status(status: &Value) -> FlinkApplication {
    let mut app = application(&json!({}));
    app.status = serde_json::from_value(status.clone()).expect("a readable status");
    app
}

#[test]
fn an_application_that_nothing_was_done_for_is_new() {
    assert_eq!(state(&application(&json!({})), NOW), State::new(NOW));
    assert_eq!(state(&with_status(&json!({})), NOW), State::new(NOW));
    let begun = json!({ "phase": "", "deployHash": "", "deploymentMode": "Dual", "machine": null });
    assert_eq!(state(&with_status(&begun), NOW), State::new(NOW));
}

#[test]
fn the_persisted_state_is_read_and_nothing_else_of_the_status() {
    let mut before = State::new(Timestamp(5));
    before.record.incarnations = 3;
    let status =
        json!({ "phase": "Running", "deployHash": "00c0ffee", "machine": machine::write(&before) });
    assert_eq!(state(&with_status(&status), NOW), before);
}

/// Why a state is unreadable; empty: it is not.
fn why(status: &Value) -> String {
    match state(&with_status(status), NOW).phase {
        Phase::Unreadable(unreadable) => unreadable.why,
        _ => String::new(),
    }
}

#[test]
fn a_state_that_cannot_be_read_says_what_and_what_helps() {
    assert_eq!(
        why(&json!({ "phase": "Running", "machine": { "format": 9 } })),
        "status.machine has format 9, this operator reads format 1; use the operator that wrote it (or a newer one), \
         or delete status.machine"
    );
    assert!(
        why(&json!({ "machine": { "format": 1 } }))
            .starts_with("status.machine.record is missing; ")
    );
    assert!(
        why(&json!({ "machine": 5 })).starts_with("status.machine should be an object, it is 5; ")
    );
}

#[test]
fn what_the_reference_operator_cannot_be_gone_on_from_says_so() {
    let untold = "does not tell what is deployed or under way";
    for phase in ["Invented", ""] {
        let why = why(&json!({ "phase": phase, "deployHash": "00c0ffee" }));
        let begins = format!("status.machine is missing, the phase is {phase:?}, ");
        assert!(why.starts_with(&begins), "{why}");
        assert!(why.contains(untold), "{why}");
    }
    // Neither is one that does not say what is deployed, or what runs beside it.
    for status in [
        json!({ "phase": "Running" }),
        json!({ "phase": "Running", "deployHash": "x" }),
        json!({ "phase": "Deleting", "deployHash": "x" }),
        json!({ "phase": "SubmittingJob", "deployHash": "x" }),
        json!({ "phase": "RollingBackJob", "deployHash": "x" }),
        json!({ "phase": "DualRunning", "deployHash": "00c0ffee" }),
        json!({ "phase": "DualRunning", "deployHash": "00c0ffee", "updatingHash": "00c0ffee" }),
    ] {
        assert!(why(&status).contains(untold), "{status}");
    }
}

/// What is taken over of a status.
fn left(status: &Value) -> Option<Left> {
    match state(&with_status(status), NOW).phase {
        Phase::Left(left) => Some(left),
        _ => None,
    }
}

#[test]
fn what_the_reference_operator_left_at_rest_is_told_by_its_status() {
    let id = |n: u128| format!("{n:032x}");
    let version = |hash, job: Option<u128>| LeftVersion {
        hash: DeployHash(hash),
        job: job.map(JobId),
        cluster: None,
    };
    let single = |job| Left {
        deployed: Some(version(1, job)),
        beside: None,
        failed: None,
        under_way: None,
        target: None,
    };
    let status = json!({
        "phase": "Running", "deployHash": "00000001", "jobStatus": { "jobID": id(7) },
        // Of an earlier deploy.
        "savepointPath": "s3://old", "savepointTriggerId": id(9), "updatingHash": "00000002",
        "rollbackHash": "00000003", "inPlaceUpdatedFromHash": "00000004",
    });
    assert_eq!(left(&status), Some(single(Some(7))));
    for unknown in [json!({}), json!({ "jobID": "" }), json!({ "jobID": "none" })] {
        let mut status = status.clone();
        status["jobStatus"] = unknown;
        assert_eq!(left(&status), Some(single(None)), "{status}");
    }
    let mut failed = status.clone();
    failed["phase"] = json!("DeployFailed");
    failed["failedDeployHash"] = json!("00000005");
    let failed_hash = Some(DeployHash(5));
    assert_eq!(left(&failed), Some(Left { failed: failed_hash, ..single(Some(7)) }));
    // In mode BlueGreen `jobStatus` is that of either version.
    let told = |hash: &str, n| json!({ "versionHash": hash, "jobStatus": { "jobID": id(n) } });
    let two = json!({
        "phase": "DualRunning", "deployHash": "00000001", "updatingHash": "00000002",
        "jobStatus": { "jobID": id(7) },
        "versionStatuses": [told("00000001", 8), told("00000002", 9)],
    });
    let newer = version(2, Some(9));
    let both = Left { deployed: Some(newer), beside: Some(version(1, Some(8))), ..single(None) };
    assert_eq!(left(&two), Some(both));
}

#[test]
fn what_the_reference_operator_was_in_the_middle_of_is_told_by_its_phase() {
    let id = |n: u128| format!("{n:032x}");
    let status = |phase: &str, hash: &str| {
        json!({
            "phase": phase, "deployHash": hash, "jobStatus": { "jobID": id(7) },
            "lastUpdatedAt": "2026-11-22T12:20:26Z",
        })
    };
    let of =
        |job: Option<u128>| LeftVersion { hash: DeployHash(1), job: job.map(JobId), cluster: None };
    let none = Left { deployed: None, beside: None, failed: None, under_way: None, target: None };
    let step = |step| Left { under_way: Some(step), ..none };
    for phase in ["Updating", "ClusterStarting", "Savepointing", "Cancelling", "Recovering"] {
        let deploying = step(LeftStep::Deploying);
        let update = Left { deployed: Some(of(Some(7))), ..deploying };
        assert_eq!(left(&status(phase, "00000001")), Some(update), "{phase}");
        assert_eq!(left(&status(phase, "")), Some(deploying), "{phase}");
    }
    // The id is that of the job which is being started.
    let since = Timestamp(1_795_350_026_000);
    let submitting = step(LeftStep::Submitting { job: Some(JobId(7)), since, failing: false });
    assert_eq!(left(&status("SubmittingJob", "")), Some(submitting));
    let mut failing = status("SubmittingJob", "");
    failing["lastSeenError"] = json!({ "appError": "SubmitJob call failed" });
    let step_of = |left: Option<Left>| left.and_then(|left| left.under_way);
    let again = LeftStep::Submitting { job: Some(JobId(7)), since, failing: true };
    assert_eq!(step_of(left(&failing)), Some(again));
    let update = Left { deployed: Some(of(None)), ..submitting };
    assert_eq!(left(&status("SubmittingJob", "00000001")), Some(update));
    let deleting = Left { deployed: Some(of(Some(7))), ..step(LeftStep::Deleting) };
    assert_eq!(left(&status("Deleting", "00000001")), Some(deleting));
    let first = Left { deployed: None, ..deleting };
    assert_eq!(left(&status("Deleting", "")), Some(first), "of a first deploy");
    let back = step(LeftStep::RollingBack { since });
    assert_eq!(left(&status("RollingBackJob", "")), Some(back), "by forceRollback");
    let back = Left { deployed: Some(of(Some(7))), ..back };
    assert_eq!(left(&status("RollingBackJob", "00000001")), Some(back));
    let job_runs = Left { deployed: Some(of(Some(7))), ..none };
    assert_eq!(left(&status("Rescaling", "00000001")), Some(job_runs));
}

#[test]
fn what_it_was_in_the_middle_of_in_mode_blue_green_is_told_by_version() {
    let id = |n: u128| format!("{n:032x}");
    let told = |hash: &str, job: Option<u128>| json!({ "versionHash": hash, "jobStatus": { "jobID": job.map(id) } });
    let status = |phase: &str, newer: Option<u128>, more: Value| {
        let mut status = json!({
            "phase": phase, "deploymentMode": "BlueGreen", "lastUpdatedAt": "2026-11-22T12:20:26Z",
            "deployHash": "00000001", "updatingHash": "00000002", "jobStatus": { "jobID": id(5) },
            "versionStatuses": [told("00000001", Some(8)), told("00000002", newer)],
        });
        status.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        left(&status).map(|left| (left.deployed, left.beside, left.under_way))
    };
    let of =
        |hash, n| Some(LeftVersion { hash: DeployHash(hash), job: Some(JobId(n)), cluster: None });
    let (older, newer) = (of(1, 8), of(2, 9));
    let since = Timestamp(1_795_350_026_000);
    let none = || json!({});
    let trigger = || json!({ "savepointTriggerId": id(3) });
    // The trigger id says so only where the savepoint is awaited, and is not from before.
    let stale = json!({ "savepointTriggerId": id(3), "savepointPath": "s3://old" });
    let savepointing = LeftStep::Savepointing(TriggerId(3));
    let submitting =
        |n: Option<u128>| LeftStep::Submitting { job: n.map(JobId), since, failing: false };
    let rows = [
        ("ClusterStarting", None, trigger(), (older, None, LeftStep::Deploying)),
        ("Savepointing", None, none(), (older, None, LeftStep::Deploying)),
        ("Savepointing", None, stale, (older, None, LeftStep::Deploying)),
        ("Savepointing", None, trigger(), (older, None, savepointing)),
        ("SubmittingJob", None, trigger(), (older, None, submitting(None))),
        ("SubmittingJob", Some(9), none(), (older, None, submitting(Some(9)))),
        ("RollingBackJob", None, none(), (older, None, LeftStep::RollingBack { since })),
        ("Deleting", None, none(), (older, None, LeftStep::Deleting)),
        ("Deleting", Some(9), none(), (newer, older, LeftStep::Deleting)),
    ];
    for (phase, job, more, (deployed, beside, step)) in rows {
        let expected = (deployed, beside, Some(step));
        assert_eq!(status(phase, job, more.clone()), Some(expected), "{phase} {job:?} {more}");
    }
}
