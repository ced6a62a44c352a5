/** Colours meet 4.5 : 1 on the grounds that they stand on. */
const COLOURS = `:root{color-scheme:light dark;--fg:#1b1f24;--muted:#57606a;--bg:#fff;--panel:#f6f8fa;--edge:#d0d7de;--link:#0550ae;
--bad:#a40e26;--warn:#7d4e00;--good:#116329;--line:#0550ae;--mark:#1b1f24;--bar-above:#cf222e;--bar-within:#1a7f37;
--bad-bg:#fff0ee;--warn-bg:#fff8e5;--good-bg:#e9f9ee}
@media (prefers-color-scheme:dark){:root{--fg:#e6edf3;--muted:#9da7b1;--bg:#0d1117;--panel:#161b22;--edge:#30363d;--link:#79c0ff;
--bad:#ff9b93;--warn:#e3b341;--good:#7ee787;--line:#79c0ff;--mark:#e6edf3;--bar-above:#f85149;--bar-within:#3fb950;
--bad-bg:#2d1517;--warn-bg:#272115;--good-bg:#12261a}}`;

const LAYOUT = `*{box-sizing:border-box}
html{scroll-padding-top:4rem;-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif}
main,footer,header{padding-inline:max(1.25rem,calc((100% - 90rem)/2))}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.skip{position:absolute;left:-99rem;z-index:2}
.skip:focus{left:.5rem;top:.5rem;padding:.3rem .6rem;background:var(--bg)}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
header{position:sticky;top:0;z-index:1;display:flex;flex-wrap:wrap;align-items:center;gap:.4rem 1.5rem;min-height:3.25rem;
padding-block:.4rem;background:var(--panel);border-bottom:1px solid var(--edge)}
header p,header ul{margin:0}
.freshness{display:flex;flex-wrap:wrap;gap:.2rem 1.5rem;margin-left:auto;color:var(--muted)}
header label{display:flex;align-items:center;gap:.4rem;cursor:pointer}
header label[hidden]{display:none}
h1{font-size:1.15rem;margin:0}
h2{font-size:1.1rem;margin:1.9rem 0 .6rem}
h2 small{font-size:.87rem;font-weight:400;margin-left:.4rem}
section:first-of-type h2{margin-top:1.1rem}
ul{list-style:none;padding:0}
.windows{display:flex;flex-wrap:wrap;border:1px solid var(--edge);border-radius:.4rem;overflow:hidden;background:var(--bg)}
.windows a{display:block;padding:.2rem .75rem;text-decoration:none}
.windows li+li{border-left:1px solid var(--edge)}
.windows a:hover{text-decoration:underline}
.windows a:focus-visible{outline-offset:-3px}
.windows a[aria-current]{color:var(--bg);background:var(--link);font-weight:600}
.health>*{display:inline-block;padding:.15rem .75rem;border:1px solid currentColor;border-radius:1rem;font-weight:600}
.health .good{background:var(--good-bg)}
.health .bad{background:var(--bad-bg)}
.health .warn{background:var(--warn-bg)}
.good{color:var(--good)}
.warn{color:var(--warn)}
.bad{color:var(--bad)}
.none,small{color:var(--muted)}
small{font-size:.87em}
.empty{margin:0;padding:.9rem 1rem;color:var(--muted);border:1px dashed var(--edge);border-radius:.5rem}
.unknown{margin:1rem 0 0;padding:.4rem .9rem;color:var(--warn);background:var(--warn-bg);border-radius:.4rem;overflow-wrap:anywhere}
.issues{margin:0}
.issues li{margin:.35rem 0;padding:.4rem .9rem;border-left:4px solid var(--warn);border-radius:.25rem;background:var(--warn-bg);overflow-wrap:anywhere}
.issues .problem{border-color:var(--bar-above);background:var(--bad-bg)}
.cards{display:grid;grid-template-columns:minmax(13rem,2fr) repeat(7,minmax(0,1.1fr));gap:.6rem;margin:0}
.cards div{padding:.55rem .85rem .7rem;background:var(--panel);border:1px solid var(--edge);border-radius:.5rem}
dt{color:var(--muted);font-size:.87rem}
dd{margin:0;font-size:1.3rem;font-weight:600;line-height:1.35;white-space:nowrap}
.cards div:first-child dd:not(.note){font-size:1.75rem;line-height:1.2}
dd.note{font-size:.87rem;font-weight:400;color:var(--muted);white-space:normal}
.level{display:inline-block;padding:0 .6rem;border:1px solid currentColor;border-radius:1rem;font-weight:600}
dd .level{font-size:1.1rem}
.elite,.high{color:var(--good)}
.medium{color:var(--warn)}
.low{color:var(--bad)}
form{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:0 0 .5rem}
input[type=search],button{font:inherit;padding:.25rem .6rem;color:inherit;background:var(--bg);border:1px solid var(--muted);border-radius:.35rem}
input[type=search]{width:16rem;max-width:100%}
#shown{color:var(--muted)}
footer{margin-top:2.5rem;padding-block:1rem 1.5rem;color:var(--muted);border-top:1px solid var(--edge)}
footer ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin:0}
footer p{margin:.4rem 0 0;overflow-wrap:anywhere}`;

const TABLES = `.scroll{overflow-x:auto}
table{border-collapse:separate;border-spacing:0;width:100%;font-size:.93rem;font-variant-numeric:tabular-nums}
th,td{padding:.4rem .55rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--edge)}
th:first-child{padding-left:.85rem}
thead th{vertical-align:bottom;line-height:1.3;color:var(--muted);font-weight:600;background:var(--panel);border-top:1px solid var(--edge)}
tbody th{font-weight:600}
tbody th small,#open tbody th{font-weight:400}
tbody tr:hover>*{background:var(--panel)}
td,tbody th{white-space:nowrap}
.number{text-align:right}
.number+:not(.number){padding-left:1.4rem}
.clip{display:block;max-width:15rem;overflow:hidden;text-overflow:ellipsis}
.error{display:block;color:var(--bad)}
.error,.wrap{white-space:normal;overflow-wrap:anywhere}
td:has(.error){min-width:14rem;max-width:22rem}
td:has(.wrap){min-width:6rem;max-width:9rem}
thead a{color:inherit;text-decoration-color:var(--edge);text-underline-offset:.2em}
thead a:hover{color:var(--link)}
th[aria-sort]{color:var(--fg)}
th[aria-sort=ascending] a::after{content:"\\a0▲";content:"\\a0▲"/""}
th[aria-sort=descending] a::after{content:"\\a0▼";content:"\\a0▼"/""}
.bar{vertical-align:-.1em}
.bar .track{fill:var(--edge)}
.bar .above{fill:var(--bar-above)}
.bar .within{fill:var(--bar-within)}
.bar .mark{stroke:var(--mark);stroke-width:2}
#providers small,#severities small{display:block}
#severities .bar+small{display:inline}
@media (min-width:48.01rem){
#services .clip{max-width:min(24rem,22vw)}
#providers .clip{max-width:max(11rem,15vw)}
#severities .clip,#open td .clip{max-width:max(9rem,12vw)}
}`;

const CHARTS = `.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(23rem,100%),1fr));gap:.75rem}
figure{margin:0;padding:.5rem .75rem .25rem;border:1px solid var(--edge);border-radius:.5rem}
figcaption{display:flex;justify-content:space-between;align-items:center;gap:1rem;font-weight:600;overflow-wrap:anywhere}
figcaption small{flex:none;font-weight:400}
.dash{display:inline-block;width:1.4rem;border-top:2px dashed var(--muted);vertical-align:middle}
.chart{display:block;width:100%;height:auto;font-size:11px}
.chart text{fill:var(--muted)}
.chart .y{text-anchor:end;dominant-baseline:middle}
.chart .x{text-anchor:middle}
.chart .grid{stroke:var(--edge)}
.chart .target{stroke:var(--muted);stroke-width:1.5;stroke-dasharray:6 4}
.chart .line{fill:none;stroke:var(--line);stroke-width:2.25;stroke-linecap:round;stroke-linejoin:round}
.chart .dot{fill:var(--line);fill-opacity:0;transition:fill-opacity .15s}
.chart .dot:hover{fill-opacity:1}
details{margin-top:.75rem}
summary{width:max-content;cursor:pointer;color:var(--link)}`;

/** Where every table fits, nothing of it scrolls sideways, so that the heads of long tables can stay in sight. */
const WIDE = `@media (min-width:80rem){
main .scroll{overflow:visible}
thead th{position:sticky;top:3.25rem}
#trend .scroll{overflow-x:auto}
#trend thead th{position:static}
}`;

/** On phones a row is a block: its head, then its values in three columns, each below its label. */
const NARROW = `@media (max-width:90rem){
table{font-size:.9rem}
th,td{padding-inline:.45rem}
}
@media (max-width:74rem){.cards{grid-template-columns:repeat(4,1fr)}}
@media (max-width:48rem){
html{scroll-padding-top:.5rem}
header{position:static;column-gap:1rem}
.freshness{margin-left:0;column-gap:1rem;font-size:.87rem}
.cards{grid-template-columns:repeat(3,1fr);gap:.45rem}
.cards div{padding:.45rem .6rem .5rem}
.cards div:first-child{grid-column:span 2}
.cards dd:not(.note),.cards dd .level{font-size:1.1rem}
h2 small{display:block;margin-left:0}
section:not(#trend) .scroll{overflow:visible}
section:not(#trend) table,section:not(#trend) tbody{display:block}
section:not(#trend) thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
section:not(#trend) tbody tr{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:.35rem .75rem;padding:.6rem 0 .7rem;border-bottom:1px solid var(--edge)}
section:not(#trend) tbody tr[hidden]{display:none}
section:not(#trend) :is(td,tbody th){padding:0;border:0;text-align:left;white-space:normal;overflow-wrap:anywhere;min-width:0;max-width:none}
section:not(#trend) tbody th{grid-column:1/-1;font-size:1rem}
#severities tbody th small,#providers tbody th small{display:inline}
section:not(#trend) td::before{content:attr(data-label);display:block;color:var(--muted);font-size:.8rem;line-height:1.25}
section:not(#trend) td small{display:block}
section:not(#trend) td:has(.error){grid-column:1/-1}
section:not(#trend) tbody tr:hover>*{background:none}
.clip{max-width:none;white-space:normal}
section#services thead{position:static;display:block;width:auto;height:auto;clip-path:none;overflow:visible}
section#services thead tr{display:flex;flex-wrap:wrap;gap:.3rem .9rem;padding:.3rem 0 .6rem;border-bottom:1px solid var(--edge)}
section#services thead th{padding:0;border:0;background:none}
}`;

const MOTION = '@media (prefers-reduced-motion:reduce){*{transition:none!important;scroll-behavior:auto!important}}';

/** The page's own style, which loads nothing. */
export const STYLE: string = [COLOURS, LAYOUT, TABLES, CHARTS, WIDE, NARROW, MOTION].join('\n');
