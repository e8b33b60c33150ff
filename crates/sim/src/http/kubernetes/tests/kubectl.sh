#!/usr/bin/env bash
# What a real kubectl must be able to do with the simulated API server.
#
#   kubectl.sh APISERVER CRD.yaml APPLICATION.yaml
#
# APISERVER is the built example of that name. Every step that fails is printed; the exit status
# says whether there was one. Takes about 20 seconds.
set -uo pipefail

apiserver=$1 definition=$2 application=$3
work=$(mktemp -d)
"$apiserver" "$definition" > "$work/out" &
server=$!
trap 'kill -INT $server; rm -rf "$work"' EXIT
until grep -q KUBECONFIG "$work/out"; do
  kill -0 $server || exit 1
done
KUBECONFIG=$(sed -n 's/^export KUBECONFIG=//p' "$work/out")
export KUBECONFIG
failed=0

# expect WHAT PATTERN COMMAND...: the command must print the pattern (an extended regex).
expect() {
  local what=$1 pattern=$2 output
  shift 2
  output=$(timeout 20 "$@" 2>&1)
  if ! grep -Eqz -- "$pattern" <<< "$output"; then
    failed=1
    printf 'FAILED: %s\n  %s\n  expected %s\n  found:\n%s\n' "$what" "$*" "$pattern" "$output"
  fi
}

name=$(kubectl create --dry-run=client -f "$application" -o jsonpath='{.metadata.name}')
kubectl config set-context --current --namespace=default > /dev/null

expect 'api-resources'        'flinkapplications' kubectl api-resources
expect 'discovery, old form'  'flinkapplications' kubectl get --raw /apis/flink.k8s.io/v1beta1
expect 'explain'              'DESCRIPTION'       kubectl explain flinkapplication
expect 'explain a field'      'parallelism'       kubectl explain flinkapplication.spec --recursive
expect 'get crd'              'flinkapplications' kubectl get crd
expect 'wait for crd'         'condition met'     kubectl wait --for=condition=Established crd --all --timeout=5s

expect 'create, dry'          'server dry run'    kubectl create --dry-run=server -f "$application"
expect 'apply'                'created'           kubectl apply -f "$application"
expect 'apply again'          'unchanged|configured' kubectl apply -f "$application"
expect 'get'                  "NAME.*$name"       kubectl get flinkapplications
expect 'get wide'             "$name"             kubectl get flinkapplications -o wide
expect 'get yaml'             'uid:'              kubectl get flinkapplication "$name" -o yaml
expect 'get by field'         "$name"             kubectl get flinkapplications --field-selector "metadata.name=$name" -o name
expect 'get all namespaces'   "default +$name"    kubectl get flinkapplications -A
expect 'describe'             'Kind: +FlinkApplication' kubectl describe flinkapplication "$name"
expect 'diff'                 '[+-] .*parallelism: 77' bash -c "kubectl get flinkapplication $name -o yaml | sed 's/parallelism: .*/parallelism: 77/' | kubectl diff -f -"

(timeout 4 kubectl get flinkapplication "$name" -w --output-watch-events > "$work/watch" 2>&1) &
watcher=$!
until grep -q ADDED "$work/watch"; do kill -0 $watcher 2> /dev/null || break; done
expect 'label'                'labeled'           kubectl label flinkapplication "$name" team=a
expect 'get by label'         "$name"             kubectl get flinkapplications -l team=a -o name
expect 'get by other label'   'No resources'      kubectl get flinkapplications -l 'team notin (a),team'
expect 'annotate'             'annotated'         kubectl annotate flinkapplication "$name" note=1
expect 'patch'                'patched'           kubectl patch flinkapplication "$name" --type merge -p '{"spec":{"parallelism":3}}'
expect 'json patch'           'patched'           kubectl patch flinkapplication "$name" --type json -p '[{"op":"replace","path":"/spec/parallelism","value":4}]'
expect 'status patch'         'patched'           kubectl patch flinkapplication "$name" --subresource status --type merge -p '{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True","reason":"Confirmed","message":"","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}'
expect 'wait for a condition' 'condition met'     kubectl wait --for=condition=Ready "flinkapplication/$name" --timeout=5s
expect 'wait for a field'     'condition met'     kubectl wait --for=jsonpath='{.status.phase}'=Running "flinkapplication/$name" --timeout=5s
expect 'wait in vain'         'timed out'         kubectl wait --for=condition=Other "flinkapplication/$name" --timeout=1s
expect 'edit'                 'edited'            env KUBE_EDITOR='sed -i s/parallelism:.4/parallelism:\ 5/' kubectl edit flinkapplication "$name"
expect 'edit took'            '^5[^0-9]*$'           kubectl get flinkapplication "$name" -o jsonpath='{.spec.parallelism}'
wait $watcher
expect 'watch'                'ADDED.*MODIFIED'   cat "$work/watch"

expect 'server-side apply'    'conflict'          kubectl apply --server-side -f "$application"
expect 'forced apply'         'serverside-applied' kubectl apply --server-side --force-conflicts -f "$application"
expect 'apply of another'     'serverside-applied' kubectl apply --server-side --field-manager=other -f "$application"
expect 'ownership'            'manager: other'    kubectl get flinkapplication "$name" -o yaml --show-managed-fields
expect 'replace'              'replaced'          bash -c "kubectl get flinkapplication $name -o yaml | kubectl replace -f -"
expect 'replace of old'       'has been modified' bash -c "kubectl get flinkapplication $name -o yaml | sed 's/resourceVersion: .*/resourceVersion: \"1\"/' | kubectl replace -f -"
expect 'invalid value'        'must be of type'   kubectl patch flinkapplication "$name" --type merge -p '{"spec":{"parallelism":"many"}}'

uid=$(kubectl get flinkapplication "$name" -o jsonpath='{.metadata.uid}')
owner="ownerReferences: [{apiVersion: flink.k8s.io/v1beta1, kind: FlinkApplication, name: $name, uid: $uid, controller: true}]"
cat > "$work/owned.yaml" << YAML
apiVersion: apps/v1
kind: Deployment
metadata: {name: owned, $owner}
spec:
  selector: {matchLabels: {app: owned}}
  template: {metadata: {labels: {app: owned}}, spec: {containers: [{name: c, image: "i:1"}]}}
---
apiVersion: v1
kind: Service
metadata: {name: owned, $owner}
spec: {selector: {app: owned}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: owned, $owner}
spec: {defaultBackend: {service: {name: owned, port: {number: 80}}}}
---
apiVersion: apps/v1
kind: ControllerRevision
metadata: {name: owned, $owner}
data: {}
revision: 1
---
apiVersion: v1
kind: Pod
metadata: {name: owned, $owner}
spec: {containers: [{name: c, image: "i:1"}]}
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: owned, $owner}
spec: {holderIdentity: someone, leaseDurationSeconds: 15}
---
apiVersion: events.k8s.io/v1
kind: Event
metadata: {name: about}
regarding: {apiVersion: flink.k8s.io/v1beta1, kind: FlinkApplication, name: $name, namespace: default, uid: $uid}
eventTime: "2026-01-01T00:00:00.000000Z"
reportingController: operator
reportingInstance: one
action: Deploy
reason: CreatingCluster
type: Normal
note: it is being deployed
YAML
expect 'apply built-in kinds' 'event.*created'    kubectl apply -f "$work/owned.yaml"
expect 'apply them again'     'deployment.*unchanged' kubectl apply -f "$work/owned.yaml"
expect 'change a Deployment'  'configured'        bash -c "sed s/i:1/i:2/ $work/owned.yaml | kubectl apply -f - --selector='!x'"
kinds='deployment service ingress controllerrevision pod lease'
for kind in $kinds; do
  expect "get $kind"          'NAME.*owned'       kubectl get "$kind"
  expect "describe $kind"     'Name: +owned'      kubectl describe "$kind" owned
done
expect 'scale'                'scaled'            kubectl scale deployment owned --replicas=3
expect 'get namespaces'       'default +Active'   kubectl get namespaces
expect 'describe namespace'   'Status: +Active'   kubectl describe namespace default
expect 'get events'           'CreatingCluster'   kubectl get events
expect 'events'               'CreatingCluster'   kubectl events --for "flinkapplication/$name"
expect 'events of describe'   'CreatingCluster.*it is being deployed' kubectl describe flinkapplication "$name"
expect 'delete an event'      'deleted'           kubectl delete event about

expect 'a finalizer'          'patched'           kubectl patch flinkapplication "$name" --type merge -p '{"metadata":{"finalizers":["example.org/x"]}}'
expect 'delete'               'deleted'           kubectl delete flinkapplication "$name" --wait=false
expect 'held by it'           'deletionTimestamp' kubectl get flinkapplication "$name" -o yaml
expect 'the last finalizer'   'patched'           kubectl patch flinkapplication "$name" --type merge -p '{"metadata":{"finalizers":null}}'
timeout 20 kubectl wait --for=delete "flinkapplication/$name" --timeout=5s > /dev/null
expect 'gone'                 'NotFound'          kubectl get flinkapplication "$name"
for kind in $kinds; do
  timeout 20 kubectl wait --for=delete "$kind/owned" --timeout=5s > /dev/null
  expect "$kind gone"         'NotFound'          kubectl get "$kind" owned
done
expect 'namespace'            'created'           kubectl create -f - << YAML
{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}
YAML
expect 'apply elsewhere'      'created'           kubectl apply -n team -f <(sed '/^ *namespace:/d' "$application")
expect 'delete namespace'     'deleted'           kubectl delete namespace team
expect 'gone with it'         'NotFound|No resources' kubectl get -n team flinkapplications

exit $failed
