/*
 * Many viewers that cost little: they say what they were given to say, and then take what comes. Where a stream carries
 * markers (marker.ts), some of them look for those, and so know how late it is; all of them until their first keyframe.
 *
 *   swarm HOST PORT VIEWERS JOINS_A_SECOND DRAIN_MS PROBE_EVERY STUCK SLOW HELLO_FILE WAIT_BYTES THEN_FILE
 *
 * DRAIN_MS 0: reads as data comes; else once in so many ms. STUCK: so many never read; SLOW: so many read 20 kB/s. Each sends
 * HELLO_FILE, waits for WAIT_BYTES, and sends THEN_FILE. Takes lines on stdin, and answers each with a line of JSON:
 *
 *   mark     forgets what it has counted; followed by " all", it looks for the markers of all viewers from now on, reads the
 *            beginning of what each has before it reads the rest, and takes the time at which the kernel had it for that at
 *            which it was seen
 *   report   says what it has counted
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MARKER "USTBENCH"
#define MARKER_TEXT 8
#define MARKER_SIZE 18
#define KEYFRAME 1
#define KEYFRAME_END 2
#define READ_SIZE (1 << 20)
#define FIRST_READ_SIZE (1 << 14)
#define MAX_LATE_MS 4000
#define STEPS_A_MS 10
#define MAX_SOURCES 4
#define MAX_VIEWERS 100000
#define SLOW_BYTES_A_SECOND 20000

typedef struct {
  int fd;
  int is_closed, is_stuck, is_slow, is_probe, has_said;
  uint64_t connected_at, closed_at;
  double first_key_ms; /* from connect to the first byte of a keyframe; -1: none yet */
  size_t to_wait;
  uint64_t bytes;
  uint64_t slow_taken, slow_since;
  uint64_t first_of[MAX_SOURCES]; /* when the first marker of each source was seen since the mark */
  uint64_t whole_of[MAX_SOURCES]; /* the same of the first end of a keyframe */
  uint8_t rest[MARKER_SIZE];
  int rest_size;
} Viewer;

static Viewer *viewers;
static int viewer_count, started, scans_all;
static uint8_t buffer[READ_SIZE + MARKER_SIZE];
static uint64_t late[MAX_LATE_MS * STEPS_A_MS + 1], late_count;
static struct sockaddr_in address;
static uint8_t *hello, *then;
static size_t hello_size, then_size;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static uint8_t *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file) { perror(path); exit(2); }
  fseek(file, 0, SEEK_END);
  *size = (size_t)ftell(file);
  rewind(file);
  uint8_t *bytes = malloc(*size + 1);
  if (fread(bytes, 1, *size, file) != *size) { perror(path); exit(2); }
  fclose(file);
  return bytes;
}

static void leave(Viewer *v) {
  if (v->is_closed) return;
  v->is_closed = 1;
  v->closed_at = now_ns();
  close(v->fd);
}

static void say(Viewer *v, const uint8_t *bytes, size_t size) {
  /* A few kB into an empty buffer: the kernel takes them whole. */
  if (size > 0 && send(v->fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size) leave(v);
}

static void start(int epoll, Viewer *v) {
  v->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (v->fd < 0) { perror("socket"); exit(2); }
  int one = 1;
  setsockopt(v->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  v->connected_at = now_ns();
  v->slow_since = v->connected_at;
  if (connect(v->fd, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS) leave(v);
  struct epoll_event event = {.events = EPOLLOUT, .data.ptr = v};
  epoll_ctl(epoll, EPOLL_CTL_ADD, v->fd, &event);
}

static void see(Viewer *v, const uint8_t *marker, uint64_t now) {
  uint8_t source = marker[MARKER_TEXT] % MAX_SOURCES, place = marker[MARKER_TEXT + 1];
  if (place == KEYFRAME_END) {
    if (v->whole_of[source] == 0) v->whole_of[source] = now;
    return;
  }
  uint64_t sent_at;
  memcpy(&sent_at, marker + MARKER_TEXT + 2, 8);
  if (v->first_of[source] == 0) v->first_of[source] = now;
  if (place == KEYFRAME && v->first_key_ms < 0) {
    v->first_key_ms = (double)(now - v->connected_at) / 1e6;
    return;
  }
  if (!v->is_probe || now < sent_at) return;
  uint64_t step = (now - sent_at) * STEPS_A_MS / 1000000;
  late[step > MAX_LATE_MS * STEPS_A_MS ? MAX_LATE_MS * STEPS_A_MS : step]++;
  late_count++;
}

/* Markers may lie across two reads: the end of one stands in front of the next. */
static void scan(Viewer *v, uint8_t *data, size_t size, uint64_t now) {
  uint8_t *from = data - v->rest_size, *end = data + size;
  memcpy(from, v->rest, (size_t)v->rest_size);
  for (;;) {
    uint8_t *found = memmem(from, (size_t)(end - from), MARKER, MARKER_TEXT);
    if (!found || end - found < MARKER_SIZE) break;
    see(v, found, now);
    from = found + MARKER_SIZE;
  }
  size_t left = (size_t)(end - from);
  v->rest_size = left < MARKER_SIZE - 1 ? (int)left : MARKER_SIZE - 1;
  memcpy(v->rest, end - v->rest_size, (size_t)v->rest_size);
}

static void stamp(int fd, int is_on) {
  setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &is_on, sizeof is_on);
}

/*
 * As recv(2); `at`: when the last of it came, as the kernel says where it stamps (tcp(7) is silent on that: the stamp is of the last
 * segment that is read, and of the last of those that have been joined, so it is never too early), or now.
 */
static ssize_t receive(int fd, uint8_t *bytes, size_t most, uint64_t *at) {
  char control[CMSG_SPACE(sizeof(struct timespec))];
  struct iovec place = {.iov_base = bytes, .iov_len = most};
  struct msghdr message = {.msg_iov = &place, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  ssize_t size = recvmsg(fd, &message, 0);
  struct timespec came, wall;
  /* In this order: what comes between the two makes it later, not earlier. */
  clock_gettime(CLOCK_REALTIME, &wall);
  *at = now_ns();
  if (size <= 0) return size;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
    memcpy(&came, CMSG_DATA(c), sizeof came);
    int64_t ago = (wall.tv_sec - came.tv_sec) * 1000000000ll + (wall.tv_nsec - came.tv_nsec);
    if (ago > 0) *at -= (uint64_t)ago;
  }
  return size;
}

/* Reads what is there, but no more than `at_most` where that is not 0. */
static void take(Viewer *v, size_t at_most) {
  while (!v->is_closed) {
    if (v->is_stuck && v->first_key_ms >= 0) return;
    int looks = v->to_wait > 0 || v->first_key_ms < 0 || v->is_probe || scans_all;
    size_t most = at_most > 0 ? at_most : READ_SIZE;
    if (v->is_slow && v->first_key_ms >= 0) {
      uint64_t may = (now_ns() - v->slow_since) / 1000 * SLOW_BYTES_A_SECOND / 1000000;
      if (may <= v->slow_taken) return;
      most = may - v->slow_taken;
    }
    if (v->to_wait > 0 && v->to_wait < most) most = v->to_wait;
    /* With MSG_TRUNC, TCP throws the bytes away instead of copying them (tcp(7)). */
    uint64_t at = 0;
    ssize_t size =
        looks ? receive(v->fd, buffer + MARKER_SIZE, most, &at) : recv(v->fd, buffer + MARKER_SIZE, most, MSG_TRUNC);
    if (size == 0 || (size < 0 && errno != EAGAIN)) { leave(v); return; }
    if (size < 0) return;
    v->bytes += (uint64_t)size;
    v->slow_taken += (uint64_t)size;
    if (v->to_wait > 0) {
      v->to_wait -= (size_t)size;
      if (v->to_wait == 0) say(v, then, then_size);
    } else if (looks) {
      scan(v, buffer + MARKER_SIZE, (size_t)size, at);
    } else {
      v->rest_size = 0;
    }
    if ((size_t)size < most || at_most > 0) return;
  }
}

static void take_of_all(size_t at_most) {
  for (int i = 0; i < started; i++)
    if (!viewers[i].is_closed && viewers[i].has_said && viewers[i].first_key_ms >= 0) take(&viewers[i], at_most);
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static int by_time(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static double late_at(double share) {
  uint64_t seen = 0, wanted = (uint64_t)(share * (double)late_count);
  for (int i = 0; i <= MAX_LATE_MS * STEPS_A_MS; i++) {
    seen += late[i];
    if (seen > wanted) return (double)i / STEPS_A_MS;
  }
  return MAX_LATE_MS;
}

/* Of those viewers that have seen it since the mark: when the first, the middle one, 99 of 100, and the last did. */
static void report_seen(const char *name, size_t offset) {
  static uint64_t times[MAX_VIEWERS];
  printf("\"%s\":[", name);
  for (int source = 0; source < MAX_SOURCES; source++) {
    size_t seen = 0;
    for (int i = 0; i < started; i++) {
      uint64_t at = ((uint64_t *)((char *)&viewers[i] + offset))[source];
      if (at) times[seen++] = at;
    }
    qsort(times, seen, sizeof *times, by_time);
    printf("%s{\"viewers\":%zu,\"firstNs\":\"%llu\",\"p50Ns\":\"%llu\",\"p99Ns\":\"%llu\",\"lastNs\":\"%llu\"}", source ? "," : "", seen,
           (unsigned long long)(seen ? times[0] : 0), (unsigned long long)(seen ? times[seen / 2] : 0),
           (unsigned long long)(seen ? times[seen * 99 / 100] : 0), (unsigned long long)(seen ? times[seen - 1] : 0));
  }
  printf("],");
}

static void report(void) {
  static double joins[MAX_VIEWERS];
  int joined = 0, closed = 0;
  uint64_t bytes = 0, least = UINT64_MAX;
  for (int i = 0; i < started; i++) {
    Viewer *v = &viewers[i];
    closed += v->is_closed;
    bytes += v->bytes;
    if (!v->is_stuck && !v->is_slow && v->bytes < least) least = v->bytes;
    if (v->first_key_ms >= 0) joins[joined++] = v->first_key_ms;
  }
  qsort(joins, (size_t)joined, sizeof *joins, by_value);
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("{\"started\":%d,\"joined\":%d,\"closed\":%d,\"bytes\":%llu,\"leastBytes\":%llu,", started, joined, closed,
         (unsigned long long)bytes, (unsigned long long)(started ? least : 0));
  printf("\"joinMs\":[%.2f,%.2f,%.2f],", joined ? joins[joined / 2] : -1, joined ? joins[joined * 99 / 100] : -1,
         joined ? joins[joined - 1] : -1);
  printf("\"lateMs\":[%.2f,%.2f,%.2f],\"late\":%llu,", late_at(0.5), late_at(0.99), late_at(0.9999),
         (unsigned long long)late_count);
  printf("\"cpuMs\":%ld,",
         usage.ru_utime.tv_sec * 1000 + usage.ru_utime.tv_usec / 1000 + usage.ru_stime.tv_sec * 1000 + usage.ru_stime.tv_usec / 1000);
  report_seen("firstOf", offsetof(Viewer, first_of));
  report_seen("wholeOf", offsetof(Viewer, whole_of));
  uint64_t first_closed = UINT64_MAX, last_closed = 0;
  for (int i = 0; i < started; i++) {
    if (!viewers[i].is_closed) continue;
    if (viewers[i].closed_at < first_closed) first_closed = viewers[i].closed_at;
    if (viewers[i].closed_at > last_closed) last_closed = viewers[i].closed_at;
  }
  printf("\"closedNs\":[\"%llu\",\"%llu\"]}\n", (unsigned long long)(closed ? first_closed : 0), (unsigned long long)last_closed);
  fflush(stdout);
}

static void mark(void) {
  memset(late, 0, sizeof late);
  late_count = 0;
  for (int i = 0; i < viewer_count; i++) {
    if (i < started && !viewers[i].is_closed) stamp(viewers[i].fd, scans_all);
    viewers[i].bytes = 0;
    memset(viewers[i].first_of, 0, sizeof viewers[i].first_of);
    memset(viewers[i].whole_of, 0, sizeof viewers[i].whole_of);
  }
  printf("{\"markedNs\":\"%llu\"}\n", (unsigned long long)now_ns());
  fflush(stdout);
}

/* Returns 0 at the end of stdin: whoever has started this is gone. */
static int obey(void) {
  static char line[256];
  static size_t length;
  ssize_t size = read(0, line + length, sizeof line - 1 - length);
  if (size == 0) return 0;
  if (size < 0) return 1;
  length += (size_t)size;
  for (char *end; (end = memchr(line, '\n', length));) {
    *end = 0;
    if (strncmp(line, "mark", 4) == 0) {
      scans_all = strcmp(line, "mark all") == 0;
      mark();
    } else if (strcmp(line, "report") == 0) report();
    length -= (size_t)(end + 1 - line);
    memmove(line, end + 1, length);
  }
  return 1;
}

int main(int argc, char **argv) {
  if (argc != 12 || atoi(argv[3]) > MAX_VIEWERS) {
    fprintf(stderr, "swarm: see the head of swarm.c\n");
    return 2;
  }
  viewer_count = atoi(argv[3]);
  double joins_a_second = atof(argv[4]), drain_ms = atof(argv[5]);
  int probe_every = atoi(argv[6]), stuck = atoi(argv[7]), slow = atoi(argv[8]);
  hello = read_file(argv[9], &hello_size);
  then = read_file(argv[11], &then_size);
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)atoi(argv[2]));
  inet_pton(AF_INET, argv[1], &address.sin_addr);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  viewers = calloc((size_t)viewer_count, sizeof *viewers);
  int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  fcntl(0, F_SETFL, O_NONBLOCK);
  epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &event);
  uint64_t begun = now_ns(), next_drain = begun;
  for (;;) {
    uint64_t now = now_ns();
    while (started < viewer_count && (double)started < (double)(now - begun) / 1e9 * joins_a_second + 1) {
      Viewer *v = &viewers[started];
      v->first_key_ms = -1;
      v->to_wait = (size_t)atol(argv[10]);
      v->is_stuck = started < stuck;
      v->is_slow = !v->is_stuck && started < stuck + slow;
      v->is_probe = !v->is_stuck && !v->is_slow && probe_every > 0 && started % probe_every == 0;
      start(epoll, v);
      started++;
    }
    if (drain_ms > 0 && now >= next_drain) {
      /* When the first byte of a source comes is told: reading all of the others' keyframes takes longer than that. */
      if (scans_all) take_of_all(FIRST_READ_SIZE);
      take_of_all(0);
      next_drain += (uint64_t)(drain_ms * 1e6);
      if (next_drain < now) next_drain = now;
    }
    struct epoll_event events[256];
    int wait_ms = started < viewer_count ? 1 : drain_ms > 0 ? (int)((next_drain - now) / 1000000) + 1 : 100;
    if (wait_ms < 0) wait_ms = 0;
    int count = epoll_wait(epoll, events, 256, wait_ms);
    for (int i = 0; i < count; i++) {
      Viewer *v = events[i].data.ptr;
      if (!v) {
        if (!obey()) return 0;
        continue;
      }
      if (v->is_closed) continue;
      /* One that does not read would be told of its end for ever. */
      if (v->is_stuck && v->first_key_ms >= 0 && events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        leave(v);
        continue;
      }
      if (events[i].events & EPOLLOUT) {
        struct epoll_event in = {.events = EPOLLIN, .data.ptr = v};
        epoll_ctl(epoll, EPOLL_CTL_MOD, v->fd, &in);
        v->has_said = 1;
        say(v, hello, hello_size);
        continue;
      }
      take(v, 0);
      /* From its first keyframe on it is read in rounds, and epoll need not wake for it. */
      int sleeps = v->first_key_ms >= 0 && (drain_ms > 0 || v->is_stuck || v->is_slow);
      if (sleeps && !v->is_closed) {
        struct epoll_event none = {.events = v->is_stuck || v->is_slow ? EPOLLRDHUP : 0, .data.ptr = v};
        epoll_ctl(epoll, EPOLL_CTL_MOD, v->fd, &none);
      }
    }
  }
}
