# Nine panels of bars. Variables from picture.sh: kind, file, dir, threads, machine.
if (kind eq 'svg') { set terminal svg size 1500,1260 font 'sans,13' background rgb 'white' } else {
    set terminal pngcairo size 1500,1260 font 'sans,11' background rgb 'white' }
set output file
set datafile missing '-'
set multiplot layout 3,3 title sprintf("Quire and others: ns of processor time for one allocation and one free, less the harness" \
    ."; light: 1 thread, dark: %s threads; lower is better\n%s\n", threads, machine) noenhanced

light(name) = name[1:5] eq 'quire' ? 0xf7b267 : name eq 'floor' ? 0xdddddd : 0xb8cbe0
dark(name) = name[1:5] eq 'quire' ? 0xd9480f : name eq 'floor' ? 0x999999 : 0x4a6fa5
colour(n, name) = n == 1 ? light(name) : dark(name)
set boxwidth 0.4
set style fill solid noborder
set xtics rotate by -40 left nomirror scale 0 noenhanced font ',10'
set ytics nomirror
set grid ytics lc rgb '#dddddd'
set border 3 lc rgb '#888888'
set bmargin 6
set tmargin 3.5
unset key

array what[9] = ['the same frame again and again', '25 % of memory, then back', 'random frames at 50 % full', \
    'bursts of 64, last one first', 'bursts of 512, first one first', 'taken on one CPU, freed on another; with the harness', \
    'one 2 MiB block again and again', 'orders 0 to 10 at random, 50 % full', \
    'whole 2 MiB blocks of 256 after churn: higher is better']
number(x) = x <= 0.5 ? '<0.5' : x < 10 ? sprintf('%.1f', x) : sprintf('%.0f', x)
do for [i = 1:9] {
    set title what[i] font ',12' offset 0, 0.7
    if (i < 9) { set logscale y; set yrange [0.5:*]; set offsets 0.5, 0.5, 0, 0 } else { unset logscale y; set yrange [0:290] }
    data = sprintf('%s/%d', dir, i)
    if (int(system('wc -l < '.data)) == 0) { set multiplot next; continue } # passed on, where there is one CPU
    first = i == 6 || i == 9 ? 2 : 1 # no figure for one thread
    side = first == 1 ? 0.21 : 0
    plot for [n = first:2] data using ($0 + side * (2 * n - 3)):(column(n + 1)):(colour(n, strcol(1))) \
             with boxes lc rgb variable, \
         for [n = first:2] data using ($0 + side * (2 * n - 3)):(column(n + 1)):(number(column(n + 1))) \
             with labels left rotate by 90 offset 0, 0.3 font ',8', \
         data using 0:(i < 9 ? 0.5 : 0):xtic(1) with dots lc rgb 'white' # for the names below
}
unset multiplot
