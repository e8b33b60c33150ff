{{/* The name of what the chart makes: the release's, with the chart's in it. */}}
{{- define "flinkk8soperator.fullname" -}}
{{- $name := ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) (contains .Chart.Name .Release.Name) -}}
{{- default $name .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{/* The name of the operator's account. */}}
{{- define "flinkk8soperator.serviceAccountName" -}}
{{- default (ternary (include "flinkk8soperator.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end }}

{{/* The labels of all that the chart makes. By app.kubernetes.io/name the operator tells its own pods. */}}
{{- define "flinkk8soperator.labels" -}}
{{- with .Values.commonLabels }}
{{- toYaml . }}
{{ end -}}
app.kubernetes.io/name: flinkk8soperator
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* What the operator's pods are selected by; of a Deployment that exists it cannot be changed. */}}
{{- define "flinkk8soperator.selectorLabels" -}}
{{- with .Values.selectorLabels }}
{{- toYaml . }}
{{- else -}}
app.kubernetes.io/name: flinkk8soperator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- end }}
