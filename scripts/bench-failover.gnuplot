# SPDX-License-Identifier: MIT
# Every request's latency over time, one panel for each contender.
# Set by the caller: files, names, count, output, title, fault, heal, end.

set terminal svg size 1000,(60 + 190 * count) font "sans-serif,13" background "white"
set output output
height = 60.0 + 190 * count
set multiplot layout count,1 margins 0.08,0.97,(50 / height),(1 - 45 / height) spacing 0,(35 / height)
set label 2 title at screen 0.08, screen (1 - 20 / height) font ",16"

set xrange [0:end]
set yrange [0.5:100000]
set logscale y
set ytics ("1 ms" 1, "10 ms" 10, "100 ms" 100, "1 s" 1000, "10 s" 10000)
set grid ytics linecolor "#dddddd"
set key horizontal at screen 0.97, screen (1 - 15 / height) right samplen 1
set tics nomirror

do for [i = 1:count] {
	file = word(files, i)
	set object 1 rectangle from fault, graph 0 to heal, graph 1 fillcolor "#fff0d8" fillstyle solid noborder behind
	set label 1 word(names, i) at graph 0.01, graph 0.9 font ",14"
	set xlabel (i == count ? "seconds; shaded: the fault" : "")
	if (i > 1) { unset label 2; unset key }
	plot file using 1:(strcol(3) eq "200" && strcol(4) eq "b1" ? $2 : NaN) with points pt 7 ps 0.25 lc "#1f77b4" title "b1", \
	     file using 1:(strcol(3) eq "200" && strcol(4) eq "b2" ? $2 : NaN) with points pt 7 ps 0.25 lc "#2ca02c" title "b2", \
	     file using 1:(strcol(3) eq "200" && strcol(4) eq "b3" ? $2 : NaN) with points pt 7 ps 0.25 lc "#9467bd" title "b3", \
	     file using 1:(strcol(3) ne "200" ? $2 : NaN) with points pt 2 ps 0.4 lc "#d62728" title "failed"
}
unset multiplot
