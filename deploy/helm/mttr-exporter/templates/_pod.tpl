{{/* Secrets that become environment variables. */}}
{{- define "mttr-exporter.envFrom" -}}
{{- $own := ternary (printf "%s-credentials" (include "mttr-exporter.fullname" .)) "" (not (empty .Values.credentials.values)) -}}
{{- $secret := .Values.credentials.existingSecret | default $own -}}
{{- $all := .Values.extraEnvFrom -}}
{{- if and $secret (not .Values.demo) -}}
{{- $all = prepend $all (dict "secretRef" (dict "name" $secret)) -}}
{{- end -}}
{{- with $all -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}

{{- define "mttr-exporter.volumes" -}}
{{- $hasConfig := and (include "mttr-exporter.configSecret" .) (not .Values.demo) -}}
{{- $isClaimed := and .Values.persistence.enabled (not .Values.demo) -}}
{{- $volumes := list -}}
{{- if not $isClaimed -}}
{{- $volumes = append $volumes (dict "name" "data" "emptyDir" dict) -}}
{{- else if .Values.persistence.existingClaim -}}
{{- $volumes = append $volumes (dict "name" "data" "persistentVolumeClaim" (dict "claimName" .Values.persistence.existingClaim)) -}}
{{- end -}}
{{- if .Values.demo -}}
{{- $volumes = append $volumes (dict "name" "tmp" "emptyDir" (dict "sizeLimit" "256Mi")) -}}
{{- end -}}
{{- if $hasConfig -}}
{{- $key := ternary .Values.existingConfig.key "config.yml" (ne .Values.existingConfig.secretName "") -}}
{{- $items := list (dict "key" $key "path" "config.yml") -}}
{{- $volumes = append $volumes (dict "name" "config" "secret" (dict "secretName" (include "mttr-exporter.configSecret" .) "items" $items)) -}}
{{- end -}}
{{- if and .Values.web.existingSecret (not .Values.demo) -}}
{{- $volumes = append $volumes (dict "name" "web" "secret" (dict "secretName" .Values.web.existingSecret)) -}}
{{- end -}}
{{- with concat $volumes .Values.extraVolumes -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}
