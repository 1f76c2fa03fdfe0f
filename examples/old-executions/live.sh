# The names of the live executions, as the API lists them to kubectl.
api=$(git remote get-url pipectl)
curl -sf -H "Authorization: Bearer $(cat ~/.local/share/pipectl/token)" \
  "${api%/git/*}/apis/pipectl.dev/v1/namespaces/old-executions-development/executions" |
  grep -o '"metadata":{"name":"[a-z]*"' | cut -d '"' -f 6
