//! The style sheet of the HTML report: light, dark and paper from one set of names.

/// Contrast is at least 4.5 to 1 for text and 3 to 1 for marks, in light and in dark.
pub(super) const STYLE: &str = r#"
:root{color-scheme:light dark;--paper:#fff;--panel:#f6f7f9;--ink:#16191d;--soft:#545c66;--line:#d5dae0;--one:#0b5fb0;--two:#b34700;--band:#0b5fb0;--warn:#7a4b00;--warnpaper:#fff6e5}
@media (prefers-color-scheme:dark){:root{--paper:#101418;--panel:#181d23;--ink:#e7eaee;--soft:#a3acb8;--line:#343c46;--one:#74b5ff;--two:#ff9f5a;--band:#74b5ff;--warn:#ffcf7d;--warnpaper:#2a2110}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
main{max-width:1080px;margin:0 auto;padding:40px 24px 64px}
h1{font-size:28px;line-height:1.2;margin:0 0 4px;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:20px;line-height:1.3;margin:48px 0 12px;padding-top:16px;border-top:1px solid var(--line)}
p{margin:8px 0;max-width:74ch}
.sub{color:var(--soft);margin:0 0 20px}
blockquote{margin:20px 0;padding:14px 18px;border-left:4px solid var(--one);background:var(--panel);font-size:17px;max-width:none;overflow-wrap:anywhere}
blockquote p{max-width:none;margin:0}
.keys{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:12px;margin:24px 0;padding:0}
.key{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:14px 16px}
.key dt{color:var(--soft);font-size:13.5px}
.key dd{margin:0}
.key .big{font-size:28px;font-weight:650;font-variant-numeric:tabular-nums;line-height:1.25}
.key .small{color:var(--soft);font-size:13px;font-variant-numeric:tabular-nums}
.warnings{background:var(--warnpaper);border:1px solid var(--line);border-left:4px solid var(--warn);padding:10px 18px;margin:20px 0}
.warnings h2{border:0;margin:0 0 4px;padding:0;font-size:15px;color:var(--warn)}
.warnings ul{margin:0;padding-left:20px;font-size:15px}
nav{font-size:14px;margin:8px 0 0}
nav a{margin-right:14px;white-space:nowrap}
a{color:var(--one)}
a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:2px solid var(--one);outline-offset:2px}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,460px),1fr));gap:32px;align-items:start}
figure{margin:16px 0;min-width:0}
figure svg{display:block;width:100%;height:auto}
figcaption{font-weight:600;margin-bottom:6px}
figcaption span{display:block;font-weight:400;color:var(--soft);font-size:14px}
.scroll{overflow-x:auto;margin:12px 0}
table{border-collapse:collapse;width:100%;font-size:14px;line-height:1.4}
caption{text-align:left;font-weight:600;padding:0 0 6px;font-size:15px}
th,td{padding:6px 18px 6px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:600;font-size:13px;vertical-align:bottom}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
tbody th{color:var(--ink);font-weight:500;font-size:14px;vertical-align:top;overflow-wrap:anywhere;min-width:9em}
td{overflow-wrap:break-word}td:not(.n){min-width:9em}
code{font-family:ui-monospace,"SF Mono","Liberation Mono",monospace;font-size:.92em}
.digest{font-family:ui-monospace,"SF Mono","Liberation Mono",monospace;font-size:12px;overflow-wrap:anywhere;min-width:16em}
details{margin:8px 0 16px;font-size:14px}
summary{cursor:pointer;color:var(--soft)}
footer{margin-top:56px;padding-top:16px;border-top:1px solid var(--line);color:var(--soft);font-size:13.5px}
svg text{font-family:inherit;fill:var(--ink)}
svg .tick{font-size:12px;fill:var(--soft);font-variant-numeric:tabular-nums}
svg .axis{font-size:13px;fill:var(--soft)}
svg .label{font-size:13px}
svg .strong{font-weight:650}
svg .figures{font-size:12px;fill:var(--soft);font-variant-numeric:tabular-nums}
svg .grid{stroke:var(--line);stroke-width:1}
svg .reference{stroke:var(--soft);stroke-width:1.4;stroke-dasharray:5 4;fill:none}
svg .dot{fill:var(--one);fill-opacity:.55}
svg .faint{fill-opacity:.3}
svg .band{fill:var(--band);fill-opacity:.1;stroke:none}
svg .curve{fill:none;stroke:var(--two);stroke-width:2.4;stroke-linejoin:round}
svg .halo{stroke:var(--paper);stroke-width:5}
svg .thread{fill:none;stroke:var(--one);stroke-width:1.2;stroke-opacity:.5}
svg .whisker{stroke:var(--one);stroke-width:1.8}
svg .mark,svg .diamond{fill:var(--one);stroke:var(--paper);stroke-width:1}
svg .whisker.other{stroke:var(--two)}
svg .mark.other,svg .diamond.other{fill:var(--two)}
svg .box{fill:var(--one);fill-opacity:.22;stroke:var(--one);stroke-width:1}
svg .median{stroke:var(--one);stroke-width:2}
svg .heat{fill:var(--one)}
svg .count{font-size:10.5px;fill:var(--ink);font-variant-numeric:tabular-nums}
@media print{:root{color-scheme:light;--paper:#fff;--panel:#f6f7f9;--ink:#000;--soft:#444;--line:#c6ccd3;--one:#0b5fb0;--two:#b34700;--band:#0b5fb0;--warn:#7a4b00;--warnpaper:#fff}
body{font-size:10pt}main{max-width:none;padding:0}nav{display:none}h2{break-after:avoid;margin-top:24pt}figure,tr,.key,blockquote,.warnings{break-inside:avoid}table{font-size:8pt}.scroll{overflow:visible}details::details-content{content-visibility:visible;height:auto;display:block}figure svg{max-width:12cm!important}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
@media (max-width:600px){main{padding:20px 16px 48px}h1{font-size:24px}}
"#;
