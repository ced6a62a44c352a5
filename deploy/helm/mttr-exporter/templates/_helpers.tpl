{{- define "mttr-exporter.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 52 characters: a StatefulSet's pods get a label of its name and 11 more. */}}
{{- define "mttr-exporter.fullname" -}}
{{- $name := include "mttr-exporter.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- .Values.fullnameOverride | default $full | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{/* These never change while a release lives: selectors and volume claims cannot. */}}
{{- define "mttr-exporter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "mttr-exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "mttr-exporter.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "mttr-exporter.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.additionalLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "mttr-exporter.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "mttr-exporter.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- define "mttr-exporter.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{/* The Secret that holds the configuration; empty when providers come from the environment. */}}
{{- define "mttr-exporter.configSecret" -}}
{{- $given := compact (list (ternary "config" "" (not (empty .Values.config))) (ternary "configText" "" (ne .Values.configText "")) (ternary "existingConfig.secretName" "" (ne .Values.existingConfig.secretName ""))) -}}
{{- if gt (len $given) 1 -}}
{{- fail (printf "%s are set; expected one of them" (join " and " $given)) -}}
{{- else if .Values.existingConfig.secretName -}}
{{- .Values.existingConfig.secretName -}}
{{- else if $given -}}
{{- printf "%s-config" (include "mttr-exporter.fullname" .) -}}
{{- end -}}
{{- end -}}

{{/* Says at once what the pod would say after its start. */}}
{{- define "mttr-exporter.checkProviders" -}}
{{- $anything := or .Values.demo .Values.config .Values.configText .Values.existingConfig.secretName .Values.credentials.existingSecret .Values.credentials.values .Values.extraEnv .Values.extraEnvFrom -}}
{{- if not $anything -}}
{{- fail "no provider; expected config, configText, existingConfig.secretName, credentials.existingSecret, credentials.values with a key such as PAGERDUTY_TOKEN, extraEnv, or demo: true" -}}
{{- end -}}
{{- if and .Values.credentials.existingSecret .Values.credentials.values -}}
{{- fail "credentials.existingSecret and credentials.values are both set; expected one of them" -}}
{{- end -}}
{{- if and .Values.web.tls (not .Values.web.existingSecret) -}}
{{- fail "web.tls is true, but web.existingSecret names no Secret with web.yml; expected both" -}}
{{- end -}}
{{- end -}}

{{- define "mttr-exporter.scheme" -}}
{{- ternary "HTTPS" "HTTP" (and .Values.web.tls (not .Values.demo)) -}}
{{- end -}}
