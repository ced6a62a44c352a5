/** The page's own style; colours meet 4.5 : 1 on their grounds, light and dark. */
export const STYLE: string = `:root{color-scheme:light dark;--fg:#1b1f24;--muted:#57606a;--bg:#fff;--panel:#f6f8fa;--edge:#d0d7de;--link:#0550ae;
--bad:#a40e26;--warn:#7d4e00;--good:#116329;--line:#0550ae;--mark:#1b1f24;--bar-over:#cf222e;--bar-under:#1a7f37}
@media (prefers-color-scheme:dark){:root{--fg:#e6edf3;--muted:#9da7b1;--bg:#0d1117;--panel:#161b22;--edge:#30363d;--link:#79c0ff;
--bad:#ff9b93;--warn:#e3b341;--good:#7ee787;--line:#79c0ff;--mark:#e6edf3;--bar-over:#f85149;--bar-under:#3fb950}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:84rem;padding:1rem;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.skip{position:absolute;left:-99rem}
.skip:focus{position:static}
h1{font-size:1.6rem;margin:.5rem 0}
h2{font-size:1.25rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--edge)}
h3{font-size:1.05rem;margin:1.25rem 0 .25rem}
nav ul,.troubles{list-style:none;padding:0;margin:.25rem 0}
nav li{display:inline-block;margin-right:1.2rem}
nav a[aria-current]{color:var(--fg);font-weight:700;text-decoration:none;border-bottom:3px solid var(--link)}
.troubles li{border-left:4px solid var(--edge);padding:.15rem .75rem;margin:.35rem 0;background:var(--panel);overflow-wrap:anywhere}
.troubles .problem{border-color:var(--bar-over)}
.bad{color:var(--bad)}
.good{color:var(--good)}
.none,small,caption{color:var(--muted)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:left;font-size:.9rem;padding:.25rem 0}
th,td{text-align:left;vertical-align:top;padding:.35rem .7rem;border-bottom:1px solid var(--edge)}
td{white-space:nowrap}
td:has(.error){white-space:normal;min-width:16rem;overflow-wrap:anywhere}
thead th{background:var(--panel);vertical-align:bottom}
th[aria-sort=ascending] a::after{content:" ▲";content:" ▲"/""}
th[aria-sort=descending] a::after{content:" ▼";content:" ▼"/""}
tbody th{font-weight:600}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:.6rem;margin:.5rem 0}
.cards div{background:var(--panel);border:1px solid var(--edge);border-radius:.4rem;padding:.5rem .8rem}
dt{color:var(--muted);font-size:.9rem}
dd{margin:0;font-size:1.25rem;font-weight:600}
dd small{font-size:.85rem;font-weight:400}
.level{border:1px solid currentColor;border-radius:1rem;padding:0 .6rem;font-weight:600}
.elite,.high{color:var(--good)}
.medium{color:var(--warn)}
.low{color:var(--bad)}
.bar .over{fill:var(--bar-over)}
.bar .under{fill:var(--bar-under)}
.bar .mark{stroke:var(--mark);stroke-width:2}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(24rem,100%),1fr));gap:1rem}
figure{margin:0}
figcaption{font-weight:600}
.chart{width:100%;height:auto;font-size:11px}
.chart text{fill:var(--muted)}
.chart .y{text-anchor:end;dominant-baseline:middle}
.chart .x{text-anchor:middle}
.chart .target-name{text-anchor:end;stroke:var(--bg);stroke-width:3px;paint-order:stroke}
.chart .grid{stroke:var(--edge)}
.chart .target{stroke:var(--muted);stroke-width:1.5;stroke-dasharray:6 4}
.chart .line{fill:none;stroke:var(--line);stroke-width:2.5;stroke-linecap:round;stroke-linejoin:round}
.chart .dot{fill:var(--line);fill-opacity:0;transition:fill-opacity .15s}
.chart .dot:hover{fill-opacity:1}
form{margin:.5rem 0;display:flex;flex-wrap:wrap;gap:.5rem;align-items:center}
input,button{font:inherit;padding:.25rem .6rem;color:inherit;background:var(--bg);border:1px solid var(--muted);border-radius:.3rem}
footer{margin-top:2rem;color:var(--muted);border-top:1px solid var(--edge)}
@media (prefers-reduced-motion:reduce){*{transition:none!important;scroll-behavior:auto!important}}`;
