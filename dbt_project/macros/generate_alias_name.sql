{#- A published table keeps its plain name through its versions: that is the present one (`latest_version`). Another
   version of the model stands beside it as `<name>_v<version>`. See docs/serving.md. -#}
{% macro generate_alias_name(custom_alias_name=none, node=none) -%}
    {%- set name = (custom_alias_name or node.name) | trim -%}
    {%- if node.version is not none and node.version | string != node.latest_version | string -%}
        {{ name }}_v{{ node.version | string | replace('.', '_') }}
    {%- else -%}
        {{ name }}
    {%- endif -%}
{%- endmacro %}
