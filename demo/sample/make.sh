#!/usr/bin/env bash
# Makes the sample clip that the demo camera loops: three renditions of one moving picture, with a running clock and sound.
# Not part of any build: the clips are committed, this script is how they were made. Needs ffmpeg with libx264 and freetype.
#
# 8 s is whole in everything that counts: 240 frames at 30 fps, 8 GOPs of 1 s, 375 AAC frames at 48 kHz. Whatever moves has
# a period that divides 8 s, and the sound is cut out of the middle of a longer one, so the loop has no seam.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

W='(2*PI*T/8)' # one turn in 8 s
# Soft lights on a slow evening sky, computed small and scaled up.
blob() { echo "$3*exp(-(pow(X/W-(0.5+$1),2)*3.1+pow(Y/H-(0.5+$2),2))*$4)"; }
light1=$(blob "0.36*cos($W)" "0.25*sin($W)" 105 9)
light2=$(blob "0.40*cos($W+2.1)" "0.28*sin(2*$W+1)" 95 11)
light3=$(blob "0.33*sin($W+4)" "0.30*cos($W)" 90 14)
sky="format=gbrp,geq=r='34+58*Y/H+$light1+0.25*$light2':g='22+20*Y/H+0.35*$light1+0.30*$light3+0.25*$light2':b='58+30*(1-Y/H)+0.25*$light1+$light3+0.85*$light2'"

# A dial: a ring that fills once in 8 s, with a bright hand at its end.
turn="mod(atan2(X-W/2,H/2-Y)/(2*PI)+1,1)"
ring="between(hypot(X-W/2,Y-H/2),W*0.40,W*0.47)"
hand="lt(abs($turn-mod(T/8,1)),0.006)*between(hypot(X-W/2,Y-H/2),W*0.34,W*0.49)"
dial="format=rgba,geq=r=255:g=255:b=255:a='255*max($hand,$ring*(0.16+0.62*lt($turn,mod(T/8,1))))'"

# One lamp a frame: thirty a second, so that a lost or repeated frame can be seen, and a flash with the beep at each second.
lamps="format=rgba,geq=r=255:g='214-60*eq(floor(X/20),0)':b=120:a='255*lt(mod(X,20),12)*(0.16+0.84*eq(floor(X/20),mod(N,30)))'"

font="fontcolor=white:font=DejaVu Sans"
text="drawtext=$font:fontsize=74:x=w/2-118:y=h/2-50:text='%{eif\:mod(floor(n/30)\,8)\:d\:2}.%{eif\:mod(n\,30)*100/30\:d\:2}'"
text+=",drawtext=$font:fontsize=21:alpha=0.72:x=(w-tw)/2:y=h/2+44:text='seconds of 8'"
text+=",drawtext=$font:fontsize=30:x=40:y=36:text='Hawker'"
text+=",drawtext=$font:fontsize=18:alpha=0.72:x=41:y=76:text='sample picture, looped as an encoder would send it'"
text+=",drawbox=x=iw-66:y=40:w=26:h=26:color=0xff4d5e@0.95:t=fill:enable='lt(mod(n,30),3)'"

ffmpeg -v error -y \
  -f lavfi -i "color=black:s=240x135:r=30:d=8,$sky,scale=960:540:flags=bicubic" \
  -f lavfi -i "color=black:s=340x340:r=30:d=8,$dial" \
  -f lavfi -i "color=black:s=600x14:r=30:d=8,$lamps" \
  -filter_complex "[0][1]overlay=(W-w)/2:(H-h)/2:format=gbrp[a];[a][2]overlay=(W-w)/2:H-60:format=gbrp,$text,format=yuv420p" \
  -c:v libx264 -qp 0 -preset ultrafast "$work/master.mkv"

# A calm chord that swells, and a short beep at each second. Every frequency is a multiple of 1/8 Hz.
chord="0.055*(sin(2*PI*220*t)+sin(2*PI*277.125*t)+0.8*sin(2*PI*329.625*t)+0.5*sin(2*PI*440*t))*(0.65+0.35*sin(2*PI*t/4))"
beep="0.22*sin(2*PI*880*t)*lt(mod(t,1),0.09)*sin(PI*min(mod(t,1)/0.09,1))"
ffmpeg -v error -y -f lavfi -i "aevalsrc='$chord+$beep|$chord+$beep':s=48000:d=24" -c:a aac -b:a 96k -ar 48000 "$work/long.m4a"
# Packets 376 to 750 of it. The encoder delays by one packet (1,024 samples): the second 8 s begin with the 377th.
ffmpeg -v error -y -i "$work/long.m4a" -c copy -bsf:a "noise=drop='lt(n,376)+gte(n,751)',setts=pts=N*1024:dts=N*1024" "$work/loop.m4a"

rendition() { # name, height, video bit rate in kb/s, profile
  ffmpeg -v error -y -i "$work/master.mkv" -i "$work/loop.m4a" -map 0:v -map 1:a -vf "scale=-2:$2:flags=lanczos" \
    -c:v libx264 -preset veryslow -profile:v "$4" -b:v "$3k" -maxrate "$3k" -bufsize "$3k" -bf 0 -g 30 -keyint_min 30 -sc_threshold 0 \
    -x264-params "open-gop=0:force-cfr=1" -pix_fmt yuv420p -fps_mode cfr -r 30 -c:a copy -flvflags no_duration_filesize "$1.flv"
}
rendition 540p 540 1200 high
rendition 360p 360 600 main
rendition 240p 240 250 main
ls -l ./*.flv
