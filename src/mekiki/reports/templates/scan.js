"use strict";
{% include "scan_data.js" %}
{% include "scan_decisions.js" %}
{% include "scan_rows.js" %}
{% include "scan_filters.js" %}
