/*
 * A USB camera for a machine without one: loaded with LD_PRELOAD, it answers for /dev/video99 as a driver would.
 *
 * The program under test, FFmpeg within it, asks the kernel (V4L2) and gets
 * answers from here: YUYV pictures of 320x240, each one shade of grey, at the
 * rate that was asked for. USB_CAMERA_UNPLUG_AFTER and USB_CAMERA_HANG_AFTER
 * count pictures: then the device is gone, or sends nothing any more. Its pictures
 * lie in its own memory; the program dies if it gives one back too late.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define DEVICE "/dev/video99"
#define NUMBER makedev(81, 99)
#define WIDTH 320
#define HEIGHT 240
#define PICTURE_BYTES (WIDTH * HEIGHT * 2)
#define BUFFER_BYTES 163840 /* whole pages */
#define BUFFERS 32          /* as many as any driver grants */
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int camera = -1, waits = 1;
static unsigned queue[BUFFERS], first, last;
static long pictures;
static double due, fps = 30;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static int reached(const char *variable)
{
    const char *limit = getenv(variable);
    return limit && pictures >= atol(limit);
}

static int fail(int number)
{
    errno = number;
    return -1;
}

static int open_camera(int flags)
{
    if (camera >= 0)
        return fail(EBUSY);
    camera = memfd_create("camera", 0);
    if (ftruncate(camera, (long)BUFFERS * BUFFER_BYTES) < 0)
        abort();
    waits = !(flags & O_NONBLOCK);
    first = last = 0;
    return camera;
}

static int next_picture(struct v4l2_buffer *b)
{
    char row[WIDTH * 2];
    if (reached("USB_CAMERA_UNPLUG_AFTER"))
        return fail(ENODEV);
    while (reached("USB_CAMERA_HANG_AFTER") || first == last || now() < due) {
        if (!waits)
            return fail(EAGAIN);
        usleep(1000);
    }
    b->index = queue[first++ % BUFFERS];
    b->bytesused = PICTURE_BYTES;
    b->flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    b->timestamp.tv_sec = (long)due;
    b->timestamp.tv_usec = (due - (long)due) * 1e6;
    memset(row, (int)(pictures++ * 3) & 255, sizeof row);
    for (int y = 0; y < HEIGHT; y++)
        if (pwrite(camera, row, sizeof row, (long)b->index * BUFFER_BYTES + y * (long)sizeof row) < 0)
            return fail(EIO);
    due += 1 / fps;
    return 0;
}

static int answer(unsigned request, void *asked)
{
    switch (request) {
    case VIDIOC_QUERYCAP: {
        struct v4l2_capability *c = asked;
        c->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        c->capabilities = c->device_caps | V4L2_CAP_DEVICE_CAPS;
        return 0;
    }
    case VIDIOC_ENUM_FMT: {
        struct v4l2_fmtdesc *f = asked;
        f->pixelformat = V4L2_PIX_FMT_YUYV;
        return f->index ? fail(EINVAL) : 0;
    }
    case VIDIOC_ENUM_FRAMESIZES: {
        struct v4l2_frmsizeenum *f = asked;
        f->type = V4L2_FRMSIZE_TYPE_DISCRETE;
        f->discrete.width = WIDTH;
        f->discrete.height = HEIGHT;
        return f->index ? fail(EINVAL) : 0;
    }
    case VIDIOC_ENUM_FRAMEINTERVALS: {
        struct v4l2_frmivalenum *f = asked;
        f->type = V4L2_FRMIVAL_TYPE_DISCRETE;
        f->discrete.numerator = 1;
        f->discrete.denominator = 30;
        return f->index ? fail(EINVAL) : 0;
    }
    case VIDIOC_ENUMINPUT:
        return ((struct v4l2_input *)asked)->index ? fail(EINVAL) : 0;
    case VIDIOC_G_INPUT:
        *(int *)asked = 0;
        return 0;
    case VIDIOC_G_FMT:
    case VIDIOC_S_FMT: {
        struct v4l2_pix_format *f = &((struct v4l2_format *)asked)->fmt.pix;
        f->width = WIDTH;
        f->height = HEIGHT;
        f->pixelformat = V4L2_PIX_FMT_YUYV;
        f->field = V4L2_FIELD_NONE;
        f->bytesperline = WIDTH * 2;
        f->sizeimage = PICTURE_BYTES;
        return 0;
    }
    case VIDIOC_S_PARM:
    case VIDIOC_G_PARM: {
        struct v4l2_captureparm *c = &((struct v4l2_streamparm *)asked)->parm.capture;
        if (request == VIDIOC_S_PARM && c->timeperframe.numerator)
            fps = (double)c->timeperframe.denominator / c->timeperframe.numerator;
        c->capability = V4L2_CAP_TIMEPERFRAME;
        c->timeperframe.numerator = 1;
        c->timeperframe.denominator = (unsigned)fps;
        return 0;
    }
    case VIDIOC_REQBUFS: {
        struct v4l2_requestbuffers *r = asked;
        r->count = r->count < BUFFERS ? r->count : BUFFERS;
        return 0;
    }
    case VIDIOC_QUERYBUF: {
        struct v4l2_buffer *b = asked;
        b->length = PICTURE_BYTES;
        b->m.offset = b->index * BUFFER_BYTES;
        return 0;
    }
    case VIDIOC_QBUF:
        queue[last++ % BUFFERS] = ((struct v4l2_buffer *)asked)->index;
        return 0;
    case VIDIOC_STREAMON:
        due = now() + 0.1;
        return 0;
    case VIDIOC_STREAMOFF:
        return 0;
    case VIDIOC_DQBUF:
        return next_picture(asked);
    }
    return fail(ENOTTY);
}

static long last_argument(va_list arguments)
{
    long value = va_arg(arguments, long);
    va_end(arguments);
    return value;
}

#define OPEN(name)                                                                     \
    int name(const char *path, int flags, ...)                                         \
    {                                                                                  \
        va_list arguments;                                                             \
        va_start(arguments, flags);                                                    \
        mode_t mode = (mode_t)last_argument(arguments);                                \
        return strcmp(path, DEVICE) ? REAL(name)(path, flags, mode) : open_camera(flags);  \
    }
OPEN(open)
OPEN(open64)

#define FSTAT(name, type)                                                              \
    int name(int fd, struct type *facts)                                               \
    {                                                                                  \
        int result = REAL(name)(fd, facts);                                            \
        if (!result && fd == camera) {                                                 \
            facts->st_mode = S_IFCHR | 0600;                                           \
            facts->st_rdev = NUMBER;                                                   \
        }                                                                              \
        return result;                                                                 \
    }
FSTAT(fstat, stat)
FSTAT(fstat64, stat64)

#define STAT(name, type)                                                               \
    int name(const char *path, struct type *facts)                                     \
    {                                                                                  \
        if (strcmp(path, DEVICE))                                                      \
            return REAL(name)(path, facts);                                            \
        memset(facts, 0, sizeof *facts);                                               \
        facts->st_mode = S_IFCHR | 0600;                                               \
        facts->st_rdev = NUMBER;                                                       \
        return 0;                                                                      \
    }
STAT(stat, stat)
STAT(stat64, stat64)

#define FCNTL(name)                                                                    \
    int name(int fd, int command, ...)                                                 \
    {                                                                                  \
        va_list arguments;                                                             \
        va_start(arguments, command);                                                  \
        long value = last_argument(arguments);                                         \
        if (fd == camera && command == F_SETFL)                                        \
            waits = !(value & O_NONBLOCK);                                             \
        return REAL(name)(fd, command, value);                                         \
    }
FCNTL(fcntl)
FCNTL(fcntl64)

int close(int fd)
{
    if (fd == camera)
        camera = -1;
    return REAL(close)(fd);
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    void *asked = (void *)last_argument(arguments);
    if (fd != camera || camera < 0) {
        if ((unsigned)request == VIDIOC_QBUF) {
            fputs("a picture came back after its camera had been closed\n", stderr);
            abort();
        }
        return REAL(ioctl)(fd, request, asked);
    }
    return answer((unsigned)request, asked);
}
