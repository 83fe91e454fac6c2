# Nine panels of bars. Variables from picture.sh: kind, file, dir, threads, machine.
if (kind eq 'svg') { set terminal svg size 1500,1260 font 'sans,13' background rgb 'white' } else {
    set terminal pngcairo size 1500,1260 font 'sans,11' background rgb 'white' }
set output file
set datafile missing '-'
set multiplot layout 3,3 title sprintf("Quire and others: ns of processor time for one allocation and one free, less the harness" \
    ."; light: 1 thread, dark: %s threads; lower is better\n{/*0.8 %s}", threads, machine) noenhanced

light(name) = name[1:5] eq 'quire' ? 0xf7b267 : 0xb8cbe0
dark(name) = name[1:5] eq 'quire' ? 0xd9480f : 0x4a6fa5
set boxwidth 0.4
set style fill solid noborder
set xtics rotate by -40 left nomirror scale 0 noenhanced font ',10'
set ytics nomirror
set grid ytics lc rgb '#dddddd'
set border 3 lc rgb '#888888'
set bmargin 4.5
set tmargin 3
unset key

array what[9] = ['the same frame again and again', '25 % of memory, then back', 'random frames at 50 % full', \
    'bursts of 64, last one first', 'bursts of 512, first one first', 'taken on one CPU, freed on another', \
    'one 2 MiB block again and again', 'orders 0 to 10 at random, 50 % full', \
    'whole 2 MiB blocks after random churn, of 256 (higher is better)']
number(x) = x < 10 ? sprintf('%.1f', x) : sprintf('%.0f', x)
do for [i = 1:9] {
    set title what[i] font ',12'
    if (i < 9) { set logscale y; set yrange [0.5:*]; set offsets 0.5, 0.5, 0, 0 } else { unset logscale y; set yrange [0:290] }
    data = sprintf('%s/%d', dir, i)
    shift = i < 9 ? 0.21 : 0
    plot data using ($0 - shift):2:(light(strcol(1))) with boxes lc rgb variable, \
         data using ($0 + shift):3:(dark(strcol(1))):xtic(1) with boxes lc rgb variable, \
         data using ($0 - shift):2:(number($2)) with labels offset 0, 0.5 font ',7', \
         data using ($0 + shift):3:(number($3)) with labels offset 0, 0.5 font ',7'
}
unset multiplot
