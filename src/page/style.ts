/** The looks of all pages: light and dark, on a phone and on paper. It is hashed into the policy of a page. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#57606a;--line:#d0d7de;--soft:#f6f8fa;--add:#116329;--remove:#a40e26;--change:#7a4b00;--link:#0a58ca;--sea:#eef3f8;--land:#d5dbe1;--kept:#5b87b8;--won:#1a7f37;--lost:#cf222e;--open:#f0dfb4;--edge:#8c959f}
@media (prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--dim:#a3adb8;--line:#3d444d;--soft:#161b22;--add:#56d364;--remove:#ff8a80;--change:#e3b341;--link:#79b8ff;--sea:#11202f;--land:#39424d;--kept:#4f86c6;--won:#3fb950;--lost:#ff6a60;--open:#4a3d17;--edge:#6e7681}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
header,main,footer,nav{max-width:76rem;margin:0 auto;padding:0 1rem}
h1{font-size:1.6rem;line-height:1.25;margin:1.5rem 0 .5rem}
h2{font-size:1.3rem;margin:2.5rem 0 .5rem;padding-top:.75rem;border-top:1px solid var(--line)}
h3{font-size:1.1rem;margin:1.5rem 0 .25rem}
p{margin:.5rem 0;max-width:60rem}
a{color:var(--link)}
code,.key{font-family:ui-monospace,monospace;font-size:.875em}
.key{color:var(--dim)}
small{font-size:.8rem}
small.key,small .key{font-size:.75rem}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:.5rem;background:var(--bg);padding:.5rem;z-index:1}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;padding:0;margin:.75rem 0}
dl.about{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:.75rem 0}
dt{color:var(--dim)}
dd{margin:0}
.counts{display:flex;flex-wrap:wrap;gap:.5rem;list-style:none;padding:0;margin:1rem 0}
.counts li{border:1px solid var(--line);border-radius:.5rem;padding:.35rem .8rem;background:var(--soft)}
.counts b{font-size:1.25rem;margin-right:.35rem}
.add{color:var(--add)}.remove{color:var(--remove)}.error{color:var(--remove)}.change,.warn{color:var(--change)}.dim{color:var(--dim)}
.box{border:1px solid var(--line);border-left:.4rem solid var(--change);border-radius:.25rem;background:var(--soft);padding:.5rem .9rem;margin:.75rem 0}
.box.error{border-left-color:var(--remove);color:var(--fg)}
.box ul{margin:.25rem 0;padding-left:1.2rem}
.scroll{overflow-x:auto;margin:.5rem 0}
table{overflow-wrap:break-word;border-collapse:collapse;width:100%;font-size:.925rem}
caption{text-align:left;font-weight:600;padding:.25rem 0}
caption span{position:sticky;left:0;display:inline-block;max-width:calc(100vw - 2.5rem)}
td>svg{margin:.3rem 0}
pre{white-space:pre-wrap;font:.875rem/1.5 ui-monospace,monospace;margin:.5rem 0}
ul.many{columns:18rem;margin:.5rem 0;padding:0;list-style:none}
ul.many li{break-inside:avoid;padding:.1rem 0}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid var(--line)}
thead th{background:var(--soft);white-space:nowrap}
tbody th{font-weight:600;min-width:11rem}
td{min-width:7rem}
td.n{min-width:0}
.words{min-width:15rem}
td details{margin:0}
td.n,th.n{text-align:right;white-space:nowrap}
td code,summary code{white-space:nowrap}
td ul,th ul{margin:0;padding:0;list-style:none}
td ul.many{margin:0}
tr:has(+.lists)>:not([rowspan]){border-bottom:0}
.lists td{padding-top:0}
.lists details{margin:0}
.lists div{position:sticky;left:.6rem;max-width:calc(100vw - 3.2rem)}
th small,td small{display:block;font-weight:400;color:var(--dim)}
ins{text-decoration:none;color:var(--add)}
del{color:var(--remove)}
details{margin:.5rem 0}
summary{cursor:pointer;padding:.2rem 0}
figure{margin:.5rem 0}
figcaption{font-weight:600;font-size:.925rem}
svg{max-width:100%;height:auto;display:block}
.scroll svg{max-width:none}
svg text{fill:var(--fg);font:12px system-ui,sans-serif}
svg text.dim{fill:var(--dim)}
.sea{fill:var(--sea)}
.land{fill:var(--land);stroke:var(--bg);stroke-width:.4}
.border{stroke:var(--bg);stroke-width:.4}
.kept{fill:var(--kept)}.won{fill:var(--won)}.lost{fill:var(--lost)}.open{fill:var(--open);stroke:var(--change);stroke-width:.6}
.spot{stroke:var(--bg);stroke-width:.8}
.ink{stroke:var(--bg);stroke-width:1.4}
.axis{stroke:var(--line);fill:none}
.dot{fill:var(--kept);stroke:var(--bg);stroke-width:.6}
.dot.new{fill:var(--won)}
.dot.gone{fill:none;stroke:var(--lost);stroke-width:1.8}
.dot.moved{fill:var(--change)}
.move{stroke:var(--change);fill:none;stroke-dasharray:3 2}
.node{fill:var(--soft);stroke:var(--edge)}
.node.add{stroke:var(--add);stroke-width:2}.node.remove,.node.error{stroke:var(--remove);stroke-width:2}.node.change,.node.warn{stroke:var(--change);stroke-width:2}
.node.remove{stroke-dasharray:6 3}.node.error{stroke-dasharray:2 3}
.edge{fill:none;stroke:var(--edge)}
.tip{fill:var(--edge)}
.rest{fill:var(--soft)}
.share{stroke:var(--bg);stroke-width:1}.share.sellable{fill:var(--won)}.share.reserved{fill:var(--change)}.share.sold{fill:var(--kept)}.share.inService{fill:var(--edge)}.share.setAside{fill:var(--lost)}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:1rem}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;padding:0;margin:.5rem 0;font-size:.9rem}
.legend svg{display:inline-block;vertical-align:-.15em;margin-right:.35rem}
footer{color:var(--dim);font-size:.9rem;margin-top:2.5rem;padding-top:.75rem;padding-bottom:2rem;border-top:1px solid var(--line)}
@media (max-width:40rem){dl.about{grid-template-columns:1fr}dd{margin-bottom:.4rem}h1{font-size:1.35rem}tbody th{min-width:8rem}td>svg{width:7rem}}
@media print{:root{color-scheme:light;--bg:#fff;--fg:#000;--dim:#444;--line:#bbb;--soft:#fff;--add:#116329;--remove:#a40e26;--change:#7a4b00;--link:#000;--sea:#fff;--land:#ddd;--kept:#7d9cc0;--won:#1a7f37;--lost:#cf222e;--open:#f0dfb4;--edge:#666}nav,.skip{display:none}.scroll{overflow:visible}.scroll svg{max-width:100%}details:not(.long)::details-content{content-visibility:visible;display:block;block-size:auto}ul.many{columns:13rem}.lists ul.many,.lists ul.many li{display:inline}.lists ul.many li:not(:last-child)::after{content:" · "}body{font-size:9pt}table,small,.legend{font-size:8pt}small.key,small .key{font-size:7pt}th,td{padding:.1rem .35rem}td{min-width:4rem}.lists div{position:static;max-width:none}tbody th{min-width:8rem}.words{min-width:9rem}summary{padding:0}h2{margin-top:1.2rem}h3{margin-top:.7rem}details{margin:.15rem 0}summary{list-style:none}tr,figure,.box{break-inside:avoid}h2,h3{break-after:avoid}thead{display:table-header-group}}
`
