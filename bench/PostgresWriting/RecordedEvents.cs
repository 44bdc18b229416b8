using System.Buffers;
using System.Text;
using Firehose.Decoding;
using Firehose.Reading;
using Firehose.Storage;
using Firehose.Writing;
using Millrace.Sources;

namespace Bench.PostgresWriting;

/// <summary>The events of the large recording as the queue holds them, several times over with accounts of its own each time.</summary>
internal sealed class RecordedEvents
{
    private const string Prefix = "did:plc:";
    private const string Letters = "abcdefghijklmnopqrstuvwxyz234567";

    private RecordedEvents(List<Delivery> deliveries)
    {
        Deliveries = deliveries;
        Records = deliveries.Sum(delivery => (long)EventReader.Read(delivery.Body, delivery).Changes.Count(change => change.Record is not null));
    }

    public IReadOnlyList<Delivery> Deliveries { get; }

    /// <summary>How many records are created or replaced in all.</summary>
    public long Records { get; }

    public static RecordedEvents Load(string path, int times)
    {
        var bodies = new List<(string Did, byte[] Body)>();
        foreach (var bytes in RecordedFrames.Read(path))
        {
            var frame = FrameDecoder.Decode(bytes);
            var body = new ArrayBufferWriter<byte>();
            FrameBody.Write(frame, body);
            bodies.Add((frame.Did, body.WrittenSpan.ToArray()));
        }

        var deliveries = new List<Delivery>(bodies.Count * times);
        for (var time = 0; time < times; time++)
            foreach (var (did, body) in bodies)
                deliveries.Add(new Delivery($"{deliveries.Count}") { Queue = QueuedFrame.Queue, Key = Encoding.ASCII.GetString(Renamed(Encoding.ASCII.GetBytes(did), time)), Body = Renamed(body, time) });
        return new(deliveries);
    }

    /// <summary>The deliveries in as many lanes, each account's in one of them and in order.</summary>
    public IReadOnlyList<IReadOnlyList<Delivery>> ToLanes(int count)
    {
        var lanes = Enumerable.Range(0, count).Select(_ => new List<Delivery>()).ToArray();
        var next = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var delivery in Deliveries)
        {
            if (!next.TryGetValue(delivery.Key!, out var lane)) next[delivery.Key!] = lane = next.Count % count;
            lanes[lane].Add(delivery);
        }

        return lanes;
    }

    /// <summary>The records that are created or replaced.</summary>
    public IEnumerable<(Frame Frame, RecordChange Change)> Puts() =>
        from delivery in Deliveries
        let read = EventReader.Read(delivery.Body, delivery)
        from change in read.Changes
        where change.Record is not null
        select (read.Frame, change);

    /// <summary>The same bytes with another first letter in every DID: nothing else tells these accounts apart.</summary>
    private static byte[] Renamed(byte[] bytes, int time)
    {
        var renamed = bytes.AsSpan().ToArray();
        var at = 0;
        while (renamed.AsSpan(at).IndexOf(Encoding.ASCII.GetBytes(Prefix)) is >= 0 and var found)
        {
            at += found + Prefix.Length;
            if (at < renamed.Length && Letters.IndexOf((char)renamed[at], StringComparison.Ordinal) is >= 0 and var letter) renamed[at] = (byte)Letters[(letter + time) % Letters.Length];
        }

        return renamed;
    }
}
