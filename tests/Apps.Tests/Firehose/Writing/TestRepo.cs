using System.Formats.Cbor;
using Firehose.Decoding;
using Millrace.Sources;

namespace Apps.Tests.Firehose.Writing;

/// <summary>One account that commits: each call makes the next event of its stream as a delivery of its own.</summary>
public sealed class TestRepo(string name)
{
    private static long _numbers;

    private int _commits;
    private string? _rev;

    public string Did { get; } = $"did:plc:{name}";

    public string Uri(string collection, string key) => $"at://{Did}/{collection}/{key}";

    public Delivery Commit(params RepoOp[] ops) => Commit(_rev, ops);

    /// <summary>A commit that says it follows on <paramref name="since"/>.</summary>
    public Delivery Commit(string? since, params RepoOp[] ops)
    {
        // Letters only, so that revisions look like TIDs and sort like their numbers.
        _commits++;
        _rev = "3k" + new string([.. $"{_commits:D5}".Select(digit => (char)('a' + digit - '0'))]) + "aaaaaa";
        return Delivery(new Frame { Kind = FrameKind.Commit, Did = Did, Rev = _rev, Since = since, Seq = Next(out var time), Time = time, Ops = ops });
    }

    public Delivery Account(bool active, string? status = null) =>
        Delivery(new Frame { Kind = FrameKind.Account, Did = Did, Seq = Next(out var time), Time = time, Active = active, Status = status });

    public Delivery Identity(string? handle) =>
        Delivery(new Frame { Kind = FrameKind.Identity, Did = Did, Seq = Next(out var time), Time = time, Handle = handle });

    /// <summary>A `#sync`: at the present revision with tree <paramref name="data"/>, or at a later one.</summary>
    public Delivery Sync(Cid data, bool later = false)
    {
        if (later) _rev += "z";
        return Delivery(new Frame { Kind = FrameKind.Sync, Did = Did, Rev = _rev, Data = data, Seq = Next(out var time), Time = time });
    }

    public static RepoOp Post(string key, object? text = null, string? replyTo = null, string? createdAt = "2025-01-01T00:00:00.000Z", RepoAction action = RepoAction.Create) =>
        Op(action, Collections.Post, key, writer =>
        {
            writer.WriteStartMap(2 + (replyTo is null ? 0 : 1) + (createdAt is null ? 0 : 1));
            Field(writer, "text", text ?? "hello");
            Field(writer, "$type", Collections.Post);
            if (replyTo is not null)
            {
                writer.WriteTextString("reply");
                writer.WriteStartMap(2);
                Reference(writer, "root", replyTo);
                Reference(writer, "parent", replyTo);
                writer.WriteEndMap();
            }
            if (createdAt is not null) Field(writer, "createdAt", createdAt);
            writer.WriteEndMap();
        });

    public static RepoOp Like(string key, string? subject, RepoAction action = RepoAction.Create) => Subject(Collections.Like, key, subject, action);

    public static RepoOp Repost(string key, string? subject) => Subject(Collections.Repost, key, subject, RepoAction.Create);

    public static RepoOp Follow(string key, string did) => Op(RepoAction.Create, Collections.Follow, key, writer =>
    {
        writer.WriteStartMap(3);
        Field(writer, "$type", Collections.Follow);
        Field(writer, "subject", did);
        Field(writer, "createdAt", "2025-01-01T00:00:00.000Z");
        writer.WriteEndMap();
    });

    public static RepoOp Profile(string name, string key = "self") => Op(RepoAction.Create, Collections.Profile, key, writer =>
    {
        writer.WriteStartMap(2);
        Field(writer, "$type", Collections.Profile);
        Field(writer, "displayName", name);
        writer.WriteEndMap();
    });

    public static RepoOp Delete(string collection, string key) => new(RepoAction.Delete, collection, key, default, default);

    private static RepoOp Subject(string collection, string key, string? subject, RepoAction action) => Op(action, collection, key, writer =>
    {
        writer.WriteStartMap(subject is null ? 2 : 3);
        Field(writer, "$type", collection);
        if (subject is not null) Reference(writer, "subject", subject);
        Field(writer, "createdAt", "2025-01-01T00:00:00.000Z");
        writer.WriteEndMap();
    });

    private static RepoOp Op(RepoAction action, string collection, string key, Action<CborWriter> write)
    {
        var writer = new CborWriter(CborConformanceMode.Canonical);
        write(writer);
        var record = writer.Encode();
        return new RepoOp(action, collection, key, Cid.Of(record), record);
    }

    private static void Reference(CborWriter writer, string name, string uri)
    {
        writer.WriteTextString(name);
        writer.WriteStartMap(2);
        Field(writer, "cid", Cid.Of("subject"u8).ToString());
        Field(writer, "uri", uri);
        writer.WriteEndMap();
    }

    private static void Field(CborWriter writer, string name, object value)
    {
        writer.WriteTextString(name);
        if (value is int number) writer.WriteInt32(number);
        else writer.WriteTextString((string)value);
    }

    private static Delivery Delivery(Frame frame) => WriterHarness.DeliveryOf(frame, $"{frame.Seq}");

    private static long Next(out string time)
    {
        var number = Interlocked.Increment(ref _numbers);
        time = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(number).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture);
        return number;
    }
}
